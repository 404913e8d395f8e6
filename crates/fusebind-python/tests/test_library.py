"""Stored libraries: built and screened as the command line does it."""

import subprocess

import pytest

import fusebind


@pytest.fixture(scope="module")
def compounds(folder):
    """A file of distinct compounds, with two rows that are none and one that is there twice."""
    ends = ["O", "N", "Cl", "F", "S", "C(=O)O", "c1ccccc1", "C#N"]
    middles = ["CC", "C(C)C", "COC", "CNC", "C(F)C", "C1CC1", "CSC", "C(=O)", "CC(O)C", "C=C"]
    rows = [f"{'C' * long}{middle}{end}" for long in range(6) for middle in middles for end in ends]
    path = folder / "compounds.smi"
    path.write_text("".join(f"{smiles} m{at}\n" for at, smiles in enumerate([*rows, "C(C", "C1", rows[0]])))
    return path


def test_a_library_is_built_as_the_command_line_builds_it(model, compounds, folder, command):
    info = fusebind.build_library(compounds, folder / "own", model, distinct=True, part_rows=100)
    assert info["complete"] and sum(part["rejected"] for part in info["parts"]) == 2
    words = [command, "library", "build", str(compounds), "--model", model.path, "--distinct", "--part-rows", "100", "-o", "theirs"]
    subprocess.run(words, check=True, cwd=folder, capture_output=True)
    kept = [file for file in sorted((folder / "theirs").iterdir()) if file.name != "lock"]
    assert kept and all((folder / "own" / file.name).read_bytes() == file.read_bytes() for file in kept)
    # The same call again finds everything done, and other settings are another library.
    assert fusebind.build_library(compounds, folder / "own", model, distinct=True, part_rows=100) == info
    with pytest.raises(fusebind.InputError, match="is another library"):
        fusebind.build_library(compounds, folder / "own", model, part_rows=100)


def test_a_stored_library_is_screened_in_two_stages(model, compounds, folder, pairs):
    library = folder / "staged"
    fusebind.build_library([compounds], library, model.path)
    targets = dict(zip("AB", dict.fromkeys(pairs["sequence"])))
    plain = model.screen(compounds, targets, top=5)
    exact = model.screen(library, targets, top=5, exact=True)
    small = model.screen(library, targets, top=5)
    for hits in (exact, small):
        for column in ("prediction", "drug_id", "library_row", "library_file", "rank"):
            assert hits[column] == plain[column], column
    # No more compounds than candidates: there is nothing to choose.
    assert exact.stage is None and small.stage["recall"] == [] and plain.stage is None
    two = model.screen(library, targets, top=5, candidates=60, sample=300)
    assert [target["target"] for target in two.stage["recall"]] == ["A", "B"]
    assert two.stage["candidates_of_all"] < two.stage["filtered"] and two["rank"] == [1, 2, 3, 4, 5] * 2


def test_what_a_stored_library_refuses(model, compounds, folder, pairs):
    library = folder / "refusing"
    fusebind.build_library(compounds, library, model)
    sequence = pairs["sequence"][0]
    with pytest.raises(fusebind.InputError, match="no first stage"):
        model.screen(library, sequence, per="compound")
    with pytest.raises(fusebind.InputError, match="about a stored library"):
        model.screen(compounds, sequence, exact=True)
    with pytest.raises(fusebind.InputError, match="is no stored library"):
        model.screen(folder, sequence)
    with pytest.raises(fusebind.InputError, match="holds something else"):
        fusebind.build_library(compounds, model.path, model)
    with pytest.raises(fusebind.InputError):
        fusebind.build_library([], folder / "none", model)
    with pytest.raises(fusebind.InputError):
        fusebind.build_library(compounds, folder / "none", fusebind.load(model.path, without=["text"]))
