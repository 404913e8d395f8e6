#!/usr/bin/env python3
"""Writes reference.csv and reference.sdf: what RDKit makes of the molecules of molecules.py.

Run it anywhere: `pip install rdkit`, then `python make_reference.py`; the files appear beside this script. The molecules
are well-known drugs and small test cases written down for this project; nothing is copied from a test corpus.

reference.sdf holds mol blocks of single-fragment molecules, in turn plain V2000, V2000 with explicit hydrogens, and V3000;
the name of each is the canonical SMILES that it must give.

Columns
  input      the SMILES as a user may write it
  reason     for inputs that must be refused: why; empty for molecules
  parent     canonical SMILES of the parent (carbon first, then heavy atoms, mass, smaller SMILES)
  scaffold   canonical SMILES of the Murcko scaffold
  atoms      per atom of the parent (in the order of `parent`) the nine OGB categories joined with `-`, atoms with ` `:
             element-chirality-degree-charge-hydrogens-radicals-hybridisation-aromatic-ring
  bonds      per bond `a-b-order-stereo-conjugated-ring`, ordered by (a, b)
  ecfp4      on-bits of the 2048-bit Morgan fingerprint of radius 2
  counts     number of distinct unfolded Morgan identifiers of radius 3, their total count, and the 64-bit FNV-1a hash of
             `identifier:count ` over them in ascending order
"""

import csv
from pathlib import Path

from rdkit import Chem, RDLogger, rdBase
from rdkit.Chem import AllChem, rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold

from molecules import MOLECULES, REFUSED

RDLogger.DisableLog("rdApp.*")
ECFP4 = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
ECFP6 = rdFingerprintGenerator.GetMorganGenerator(radius=3)
HYBRIDISATION = {"SP": 0, "SP2": 1, "SP3": 2, "SP3D": 3, "SP3D2": 4}
CHIRALITY = {"CHI_UNSPECIFIED": 0, "CHI_TETRAHEDRAL_CW": 1, "CHI_TETRAHEDRAL_CCW": 2}
ORDER = {"SINGLE": 0, "DOUBLE": 1, "TRIPLE": 2, "AROMATIC": 3}
STEREO = {"STEREONONE": 0, "STEREOZ": 1, "STEREOE": 2, "STEREOCIS": 3, "STEREOTRANS": 4, "STEREOANY": 5}


def parent(molecule):
    """The fragment that is kept, read back from its own canonical SMILES."""

    def rank(fragment):
        atoms = fragment.GetAtoms()
        table = Chem.GetPeriodicTable()
        mass = sum(
            (a.GetIsotope() or table.GetMostCommonIsotopeMass(a.GetAtomicNum())) + 1.008 * a.GetTotalNumHs()
            for a in atoms
        )
        organic = any(a.GetAtomicNum() == 6 for a in atoms)
        heavy = sum(a.GetAtomicNum() > 1 for a in atoms)
        return (not organic, -heavy, -round(mass * 1000), Chem.MolToSmiles(fragment))

    smiles = Chem.MolToSmiles(molecule)
    best = min((Chem.MolFromSmiles(part) for part in smiles.split(".")), key=rank)
    smiles = Chem.MolToSmiles(best)
    for _ in range(4):
        again = Chem.MolToSmiles(Chem.MolFromSmiles(smiles))
        if again == smiles:
            break
        smiles = again
    return smiles


def atom_fields(atom):
    charge = atom.GetFormalCharge()
    return "-".join(
        str(value)
        for value in (
            atom.GetAtomicNum() - 1,
            CHIRALITY.get(str(atom.GetChiralTag()), 4),
            min(atom.GetTotalDegree(), 11),
            charge + 5 if -5 <= charge <= 5 else 11,
            min(atom.GetTotalNumHs(), 9),
            min(atom.GetNumRadicalElectrons(), 5),
            HYBRIDISATION.get(str(atom.GetHybridization()), 5),
            int(atom.GetIsAromatic()),
            int(atom.IsInRing()),
        )
    )


def bond_fields(bond):
    a, b = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
    order = ORDER.get(str(bond.GetBondType()), 4)
    return (a, b, order, STEREO[str(bond.GetStereo())], int(bond.GetIsConjugated()), int(bond.IsInRing()))


def digest(counts):
    value = 0xCBF29CE484222325
    for identifier, count in sorted(counts.items()):
        for byte in f"{identifier}:{count} ".encode():
            value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{len(counts)} {sum(counts.values())} {value:016x}"


def row(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise SystemExit(f"RDKit refuses {smiles}")
    canonical = parent(molecule)
    molecule = Chem.MolFromSmiles(canonical)
    scaffold = Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(molecule))
    counts = ECFP6.GetSparseCountFingerprint(molecule).GetNonzeroElements()
    return [
        smiles,
        "",
        canonical,
        scaffold,
        " ".join(atom_fields(atom) for atom in molecule.GetAtoms()),
        " ".join("-".join(map(str, fields)) for fields in sorted(map(bond_fields, molecule.GetBonds()))),
        " ".join(map(str, ECFP4.GetFingerprint(molecule).GetOnBits())),
        digest(counts),
    ]


def sd_record(smiles, kind):
    molecule = Chem.MolFromSmiles(smiles)
    if kind == 1:
        molecule = Chem.AddHs(molecule)
    AllChem.Compute2DCoords(molecule)
    Chem.WedgeMolBonds(molecule, molecule.GetConformer())
    molecule.SetProp("_Name", smiles)
    block = Chem.MolToMolBlock(molecule, forceV3000=kind == 2)
    back = Chem.MolFromMolBlock(block)
    # Depictions do not carry everything (allene and cage stereo): keep those that RDKit itself reads back.
    return block if back is not None and Chem.MolToSmiles(back) == smiles else None


def main():
    here = Path(__file__).parent
    if len(set(MOLECULES)) != len(MOLECULES):
        raise SystemExit("a molecule occurs twice")
    rows = [row(smiles) for smiles in MOLECULES]
    with open(here / "reference.csv", "w", newline="") as file:
        file.write(f"# RDKit {rdBase.rdkitVersion}\n")
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["input", "reason", "parent", "scaffold", "atoms", "bonds", "ecfp4", "counts"])
        out.writerows(rows)
        out.writerows([smiles, reason, "", "", "", "", "", ""] for smiles, reason in REFUSED)
    parents = sorted({cells[2] for cells in rows if "." not in cells[0]}, key=len)
    with open(here / "reference.sdf", "w", newline="") as file:
        for number, smiles in enumerate(parents[::2]):
            block = sd_record(smiles, number % 3)
            if block:
                file.write(block + "$$$$\n")


if __name__ == "__main__":
    main()
