"""Compares the parents that fusebind reads with those of RDKit's standardiser.

Usage: python standardise.py FUSEBIND TABLE.. (Parquet or CSV with a column `smiles`); needs rdkit and pandas.
700 molecules with several parts or charges and 300 others are drawn from the tables; what differs is printed.
"""

import collections
import os
import random
import subprocess
import sys
import tempfile

import pandas as pd
from rdkit import Chem, RDLogger
from rdkit.Chem.MolStandardize import rdMolStandardize

RDLogger.DisableLog("rdApp.*")


def smiles_of(path):
    table = pd.read_parquet(path) if path.endswith("parquet") else pd.read_csv(path)
    return set(table.smiles)


def drawn(tables):
    everything = sorted(set().union(*map(smiles_of, tables)))
    odd = [s for s in everything if "." in s or "+]" in s or "-]" in s]
    plain = sorted(set(everything) - set(odd))
    random.seed(1)
    return random.sample(odd, min(700, len(odd))) + random.sample(plain, min(300, len(plain)))


def parents(program, molecules):
    with tempfile.TemporaryDirectory() as folder:
        pairs = pd.DataFrame({"drug_id": [f"m{i}" for i in range(len(molecules))], "smiles": molecules})
        pairs["target_id"] = "t"
        pairs["sequence"] = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"
        pairs["label"] = [i % 2 for i in range(len(molecules))]
        pairs.to_csv(os.path.join(folder, "pairs.csv"), index=False)
        out = os.path.join(folder, "out")
        subprocess.run([program, "-q", "data", "prepare", os.path.join(folder, "pairs.csv"), "-o", out], check=True)
        read = pd.read_csv(os.path.join(out, "drugs.csv"))
        return dict(zip(read.drug_id, read.smiles))


def canonical(smiles):
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles))


def main():
    program, *tables = sys.argv[1:]
    molecules = drawn(tables)
    ours = parents(program, molecules)
    uncharger, largest = rdMolStandardize.Uncharger(), rdMolStandardize.LargestFragmentChooser(True)
    counts = collections.Counter()
    for number, smiles in enumerate(molecules):
        molecule = Chem.MolFromSmiles(smiles)
        mine = ours.get(f"m{number}")
        if molecule is None or mine is None:
            counts["refused"] += 1
            print("refused", smiles)
            continue
        theirs = Chem.MolToSmiles(Chem.RemoveHs(uncharger.uncharge(largest.choose(molecule))))
        same = canonical(mine) == theirs
        counts["same" if same else "different"] += 1
        if not same:
            print("different", smiles, mine, theirs)
    print(dict(counts))


if __name__ == "__main__":
    main()
