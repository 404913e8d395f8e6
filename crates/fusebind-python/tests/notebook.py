"""Runs a notebook from its first cell to its last in an empty folder; a cell that fails ends the program with its error."""

import pathlib
import sys
import tempfile

import nbformat
from nbclient import NotebookClient

path = pathlib.Path(sys.argv[1]).resolve()
notebook = nbformat.read(path, as_version=4)
with tempfile.TemporaryDirectory() as folder:
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
shown = sum(any("text/html" in output.get("data", {}) for output in cell.outputs) for cell in cells)
print(f"{path.name}: {len(cells)} cells ran, {shown} of them show a page")
