"""A small simulated data set and a model that is trained on it through the package, once for all tests."""

import os
import shutil
from pathlib import Path

import pytest

import fusebind

RECIPE = """
name = "small"
[model]
width = 16
[model.graph]
layers = 1
dim = 8
substructures = 64
[model.sequence]
composition = 64
[model.interaction]
dim = 16
rank = 0
[modalities]
drug = ["graph", "text", "transcriptome", "bioassay"]
[training]
epochs = 3
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fusebind")


@pytest.fixture(scope="session")
def data(folder) -> Path:
    return Path(fusebind.datasets.simulate(folder / "data", drugs=60, targets=20, pairs=800, seed=1))


@pytest.fixture(scope="session")
def run(folder, data) -> Path:
    out = folder / "run"
    fusebind.train("demo", data, out=out, split="random", epochs=3, modalities=data / "modalities")
    return out


@pytest.fixture(scope="session")
def model(run):
    return fusebind.load(run)


@pytest.fixture(scope="session")
def pairs(data):
    """Pairs as columns, without what was measured."""
    table = fusebind.datasets.read_pairs(data)
    return {name: table[name][:200] for name in ("drug_id", "target_id", "smiles", "sequence")}


@pytest.fixture(scope="session")
def command():
    """The command line program, to compare with."""
    found = os.environ.get("FUSEBIND") or shutil.which("fusebind")
    if not found:
        pytest.fail("no fusebind program: name it in the environment variable FUSEBIND")
    return found
