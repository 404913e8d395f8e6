"""SMILES to graph features with RDKit from Python, on one core.

Comes in: a file with one SMILES per line. Goes out, on stdout: molecules per second, twice. Reads the same fields per atom and per
bond as fusebind's graph features, and the canonical SMILES and ECFP4 bits that fusebind computes in the same call. First with atoms
in the order of the SMILES as it stands; then in that of the canonical SMILES, as fusebind has them, so that two spellings of one
molecule give the same arrays.
Needs the `rdkit` package from PyPI.
"""

import sys
import time

from rdkit import Chem, RDLogger
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

RDLogger.DisableLog("rdApp.*")
generator = GetMorganGenerator(radius=2, fpSize=2048)


def featurise(smiles, canonical_order):
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
    identity = Chem.MolToSmiles(molecule)
    if canonical_order:
        molecule = Chem.MolFromSmiles(identity)
    atoms = [
        (
            atom.GetAtomicNum(),
            int(atom.GetChiralTag()),
            atom.GetTotalDegree(),
            atom.GetFormalCharge(),
            atom.GetTotalNumHs(),
            atom.GetNumRadicalElectrons(),
            int(atom.GetHybridization()),
            atom.GetIsAromatic(),
            atom.IsInRing(),
        )
        for atom in molecule.GetAtoms()
    ]
    bonds = [
        (
            bond.GetBeginAtomIdx(),
            bond.GetEndAtomIdx(),
            int(bond.GetBondType()),
            int(bond.GetStereo()),
            bond.GetIsConjugated(),
            bond.IsInRing(),
        )
        for bond in molecule.GetBonds()
    ]
    return atoms, bonds, identity, generator.GetFingerprint(molecule)


lines = [line.strip() for line in open(sys.argv[1], encoding="utf-8") if line.strip()]
for canonical_order in (False, True):
    start = time.perf_counter()
    for line in lines:
        featurise(line, canonical_order)
    print(len(lines) / (time.perf_counter() - start))
