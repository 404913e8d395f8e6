"""Side data in memory are those of files."""

import numpy
import polars
import pytest

import fusebind


def test_tables_in_memory_are_those_of_a_folder(model, data, pairs):
    folder = data / "modalities"
    expected = model.predict(pairs, modalities=folder)
    assert any("text" in inputs for inputs in expected["inputs"])
    tables = {path.stem: fusebind.datasets.read(path) for path in folder.iterdir() if path.suffix in (".csv", ".parquet")}
    found = model.predict(pairs, modalities=tables)
    assert found.to_dicts() == expected.to_dicts()
    frames = {name: table.to_polars() for name, table in tables.items()}
    assert model.predict(pairs, modalities=frames)["prediction"] == expected["prediction"]
    plain = model.predict(pairs)
    assert plain["prediction"] != expected["prediction"]


def test_dicts_and_arrays_by_id(model, data, pairs):
    drug, other = dict.fromkeys(pairs["drug_id"]).keys().__iter__().__next__(), pairs["drug_id"][-1]
    by_id = {drug: "inhibits a kinase", other: "an alcohol"}
    frame = polars.DataFrame({"drug_id": list(by_id), "text": list(by_id.values())})
    found = model.predict(pairs, modalities={"drug_text": by_id})
    assert found.to_dicts() == model.predict(pairs, modalities={"drug_text": frame}).to_dicts()
    values = {drug: {"G1": 0.5}, other: {"G1": -1.0, "G2": 2.0}}
    assert len(model.predict(pairs, modalities={"transcriptomics": values})) == 200
    ids, array = [drug, other], numpy.zeros((2, 3), dtype="float32")
    assert len(model.predict(pairs, modalities={"embedding_graph": (ids, array)})) == 200
    with pytest.raises(fusebind.InputError):
        model.predict(pairs, modalities={"drug_text": {"nobody": "nothing"}})
    assert len(model.predict(pairs, modalities={"drug_text": {"nobody": "nothing"}}, allow_unmatched=True)) == 200


def test_compounds_carry_side_data(model, data, pairs):
    smiles, sequence = pairs["smiles"][0], pairs["sequence"][0]
    texts = next(fusebind.datasets.read(path) for path in (data / "modalities").glob("text_drug*"))
    name = next(name for name in texts.columns if name != "drug_id")
    told = fusebind.Compound(smiles, texts=[texts[name][0]])
    found = model.predict(told, sequence)
    assert "drug text" in found["inputs"]
    listed = model.predict([told, smiles, "C("], [sequence, fusebind.Target(sequence), sequence])
    assert listed[0]["prediction"] == found["prediction"]
    assert listed[1]["prediction"] == model.predict(smiles, sequence)["prediction"]
    assert "row 3" in listed[2]["error"]
    with pytest.raises(fusebind.InputError):
        fusebind.Compound(smiles, assays={"a": float("nan")})
