"""Readers: files of any format that the command line reads, as tables."""

from __future__ import annotations

import os
from typing import Mapping, Optional, Union

from . import _fusebind
from ._progress import LOGGER
from .tables import Table

Path = Union[str, "os.PathLike[str]"]


def read(path: Path) -> Table:
    """Reads a table of any format (CSV, TSV, Parquet, SDF, SMILES, FASTA, spreadsheets, also packed) as columns of text."""
    table, notes = _fusebind.read_table(os.fspath(path))
    for note in notes:
        LOGGER.warning("%s", note)
    return Table._of(table)


def read_pairs(path: Path, *, columns: Optional[Mapping[str, str]] = None, unit: Optional[str] = None) -> Table:
    """Reads a data set (a folder or a table) as training reads it.

    One row for each accepted pair: ``drug_id``, ``target_id``, ``smiles`` (canonical), ``sequence``, ``affinity`` (on ``scale``: -log10 of
    mol/L, or the KIBA score), ``relation`` (``=``, ``<=``, ``>=``), ``binds``, ``row``.

    Args:
        path: Folder or table.
        columns: Names of columns by role, where detection is not enough.
        unit: Unit of every affinity, such as ``Kd_nM``.
    """
    table, notes = _fusebind.read_dataset(os.fspath(path), list((columns or {}).items()), unit)
    for note in notes:
        LOGGER.warning("%s", note)
    return Table._of(table)


def simulate(out: Path, *, drugs: int = 120, targets: int = 40, pairs: int = 2000, seed: int = 1) -> str:
    """Simulates a data set with a known binding rule, to try things on, and returns its folder: tables and ``modalities``."""
    _fusebind.simulate_dataset(os.fspath(out), drugs, targets, pairs, seed)
    return os.fspath(out)
