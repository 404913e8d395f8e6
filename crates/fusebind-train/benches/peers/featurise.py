"""SMILES to graph features with RDKit from Python, on one core.

Comes in: a file with one SMILES per line. Goes out, on stdout: molecules per second. Reads the same fields per atom and per
bond as fusebind's graph features, and the canonical SMILES and ECFP4 bits that fusebind computes in the same call.
Needs the `rdkit` package from PyPI.
"""

import sys
import time

from rdkit import Chem, RDLogger
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

RDLogger.DisableLog("rdApp.*")
generator = GetMorganGenerator(radius=2, fpSize=2048)


def featurise(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
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
    identity = Chem.MolToSmiles(molecule)
    return atoms, bonds, identity, generator.GetFingerprint(molecule)


lines = [line.strip() for line in open(sys.argv[1], encoding="utf-8") if line.strip()]
start = time.perf_counter()
for line in lines:
    featurise(line)
print(len(lines) / (time.perf_counter() - start))
