"""Predictions: pairs, lists, tables of every library, to the bit those of the command line."""

import math
import pickle
import struct
import subprocess
import threading

import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

import fusebind

SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"


def bits(values):
    return [None if value is None else struct.pack("d", value) for value in values]


def test_a_pair_is_a_dict_and_a_list_is_a_list(model, pairs):
    one = model.predict(pairs["smiles"][0], pairs["sequence"][0])
    assert isinstance(one, dict) and math.isfinite(one["prediction"]) and one["unit"] == "pKd"
    many = model.predict(pairs["smiles"], pairs["sequence"])
    assert many[0]["prediction"] == one["prediction"] and len(many) == 200
    listed = model.predict(list(zip(pairs["smiles"], pairs["sequence"])))
    assert [row["prediction"] for row in listed] == [row["prediction"] for row in many]
    fixed = model.predict(pairs["smiles"][:3], SEQUENCE)
    assert [row["prediction"] for row in fixed] == [model.predict(s, SEQUENCE)["prediction"] for s in pairs["smiles"][:3]]


def test_the_command_line_gives_the_same_bits(model, run, pairs, command, tmp_path):
    polars.DataFrame(pairs).write_csv(tmp_path / "pairs.csv")
    args = ["predict", run, "--pairs", tmp_path / "pairs.csv", "-o", tmp_path / "out.parquet"]
    subprocess.run([command, *map(str, args)], check=True, capture_output=True)
    theirs = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pydict()
    ours = model.predict(polars.DataFrame(pairs)).to_dict()
    assert [*theirs, "error"] == list(ours)
    for name, column in theirs.items():
        same = bits if isinstance(column[0], float) else list
        assert same(column) == same(ours[name]), name


@pytest.mark.parametrize("library", [polars.DataFrame, pandas.DataFrame, pyarrow.table, dict])
def test_every_library_goes_in(model, pairs, library):
    found = model.predict(library(pairs), keep_columns=["drug_id"])
    expected = [row["prediction"] for row in model.predict(pairs["smiles"], pairs["sequence"])]
    assert bits(found["prediction"]) == bits(expected)
    assert found["drug_id_input"] == pairs["drug_id"]


def test_every_library_reads_what_comes_out(model, pairs):
    found = model.predict(pairs)
    frames = [polars.DataFrame(found), found.to_polars()]
    tables = [pyarrow.table(found), found.to_arrow(), pyarrow.RecordBatchReader.from_stream(found).read_all()]
    for frame in frames:
        assert frame["prediction"].to_list() == found["prediction"] and frame.columns == found.columns
    for table in tables:
        assert table["prediction"].to_pylist() == found["prediction"]
    assert found.to_pandas()["prediction"].tolist() == found["prediction"]
    assert found.shape == (200, len(found.columns)) and len(list(found)) == 200
    assert pickle.loads(pickle.dumps(found)).to_dicts() == found.to_dicts()


def test_slices_chunks_categories_and_views_are_read(model, pairs):
    frame = polars.DataFrame(pairs)
    whole = model.predict(frame)["prediction"]
    chunked = polars.concat([frame[:70], frame[70:]], rechunk=False)
    assert model.predict(chunked, keep_columns="*")["prediction"] == whole
    assert model.predict(frame[50:60])["prediction"] == whole[50:60]
    category = frame.with_columns(polars.col("sequence").cast(polars.Categorical))
    assert model.predict(category)["prediction"] == whole
    assert model.predict(pandas.DataFrame(pairs).iloc[::-1])["prediction"] == whole[::-1]


def test_a_bad_row_stays_in_its_place(model, pairs):
    good, sequence = pairs["smiles"][0], pairs["sequence"][0]
    table = polars.DataFrame(
        {"smiles": [good, "C(", None, good], "sequence": [sequence, sequence, sequence, "MK?"], "value": [1.5, 2.5, None, 4.5]}
    )
    found = model.predict(table, keep_columns=["value"])
    assert found["row"] == [1, 2, 3, 4] and found["value"] == [1.5, 2.5, None, 4.5]
    assert [value is None for value in found["prediction"]] == [False, True, True, True]
    errors = found["error"]
    assert errors[0] is None and "row 2, field `smiles`" in errors[1] and "C(" in errors[1]
    assert "row 3" in errors[2] and "--" not in errors[2] and "row 4, field `sequence`" in errors[3]
    rows = model.predict([good, "C("], [sequence, sequence])
    assert rows[0]["error"] is None and "row 2" in rows[1]["error"] and rows[1]["prediction"] is None
    assert len(model.predict({"smiles": ["C("], "sequence": [sequence]})) == 1


def test_columns_are_found_or_named(model, pairs):
    whole = model.predict(pairs)["prediction"]
    renamed = polars.DataFrame({"structure": pairs["smiles"], "chain": pairs["sequence"]})
    assert model.predict(renamed, columns={"smiles": "structure", "sequence": "chain"})["prediction"] == whole
    only = model.predict({"smiles": pairs["smiles"]}, SEQUENCE)["prediction"]
    assert only[0] == model.predict(pairs["smiles"][0], SEQUENCE)["prediction"]
    with pytest.raises(fusebind.InputError) as caught:
        model.predict(polars.DataFrame({"a": [1], "b": [2]}))
    assert caught.value.remedy
    with pytest.raises(fusebind.InputError) as caught:
        model.predict(pairs, keep_columns=["nothing"])
    assert caught.value.field == "nothing" and "smiles" in caught.value.remedy


def test_errors_say_where_and_what_to_do(model, tmp_path):
    with pytest.raises(fusebind.InputError) as caught:
        model.predict("C(", SEQUENCE)
    assert caught.value.field == "smiles" and caught.value.remedy and "hint:" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.field, str(again)) == (fusebind.InputError, "smiles", str(caught.value))
    assert isinstance(caught.value, (fusebind.Error, ValueError))
    for call in (lambda: model.predict("CCO"), lambda: model.predict(3), lambda: model.predict(["CCO"], [SEQUENCE] * 2)):
        with pytest.raises(fusebind.InputError):
            call()
    with pytest.raises(fusebind.ModelError):
        fusebind.load(tmp_path / "nothing")


def test_threads_and_copies_agree(model, run, pairs):
    expected = model.predict(pairs)["prediction"]
    found = {}

    def work(at):
        found[at] = (model if at % 2 else pickle.loads(pickle.dumps(model))).predict(pairs)["prediction"]

    threads = [threading.Thread(target=work, args=(at,)) for at in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert [found[at] == expected for at in range(4)] == [True] * 4


def test_other_threads_run_meanwhile(model, pairs):
    """The lock of the interpreter is free while the model works: a counter goes on."""
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1

    many = {name: values * 50 for name, values in pairs.items()}
    thread = threading.Thread(target=count)
    thread.start()
    seen = []
    model.predict(many, progress=lambda done, total: seen.append((done, total)))
    stop.set()
    thread.join()
    assert counted[0] > 1000 and seen[-1] == (10_000, 10_000)
