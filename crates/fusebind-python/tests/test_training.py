"""Training and scoring: from files and from memory, with the results of the command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import polars
import pytest

import fusebind


def test_the_command_line_reads_the_run_and_scores_it_alike(run, command):
    page = run / "report.html"
    assert "not yet scored" in page.read_text()
    ours = fusebind.evaluate(run)
    drawn = page.read_text()
    assert "not yet scored" not in drawn and "Beside baselines" in drawn and "Training loss" in drawn
    fusebind.evaluate(run, baselines=False, without=["text"])
    assert page.read_text() == drawn, "scores of a part of the model are no part of its page"
    page.unlink()
    done = subprocess.run([command, "evaluate", str(run), "--json"], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == dict(ours)
    assert page.read_text() == drawn, "the page of the command line"
    assert ours["n"] == len(ours.predictions) and "mse" in ours["metrics"] and ours["baselines"]
    assert "mse" in ours._repr_html_()
    assert fusebind.evaluate(run, part="valid", baselines=False)["n"] > 0


def test_own_pairs_calibrate_as_on_the_command_line(run, data, tmp_path, command):
    table = fusebind.datasets.read_pairs(data).to_polars().select("smiles", "sequence", pKd=polars.col("affinity") + 1.5)
    table.write_csv(tmp_path / "own.csv")
    out = tmp_path / "new folder" / "ours.safetensors"
    ours = fusebind.calibrate(run, table, out=out)
    args = ["calibrate", run, "--data", tmp_path / "own.csv", "-o", tmp_path / "theirs.safetensors"]
    subprocess.run([command, *map(str, args)], check=True, capture_output=True)
    pair = table["smiles"][0], table["sequence"][0]
    moved = ours.predict(*pair)
    assert moved == fusebind.load(tmp_path / "theirs.safetensors").predict(*pair)
    before = fusebind.load(run).predict(*pair)
    assert moved["prediction"] == before["prediction"] and moved["pkd"] > before["pkd"] + 1
    with pytest.raises(fusebind.InputError, match="exists already"):
        fusebind.calibrate(run, table, out=out)
    with pytest.raises(fusebind.Error, match="50 are needed"):
        fusebind.calibrate(run, table.head(20), out=tmp_path / "few.safetensors")
    assert not (tmp_path / "few.safetensors").exists()


def test_a_table_in_memory_trains_the_model_of_its_file(folder, tmp_path, data):
    table = fusebind.datasets.read_pairs(data).to_polars().select("smiles", "sequence", pKd="affinity")
    table.write_csv(tmp_path / "pairs.csv")
    how = {"split": "unseen-drug", "epochs": 1, "seed": 3}
    memory = fusebind.train("demo", table, out=tmp_path / "memory", **how)
    file = fusebind.train("demo", tmp_path / "pairs.csv", out=tmp_path / "file", **how)
    smiles, sequence = table["smiles"][0], table["sequence"][0]
    assert memory.predict(smiles, sequence) == file.predict(smiles, sequence)
    scores = fusebind.evaluate(tmp_path / "memory", data=table, baselines=False)
    assert scores == fusebind.evaluate(tmp_path / "file", baselines=False)
    with pytest.raises(fusebind.InputError):
        fusebind.evaluate(tmp_path / "memory")


def test_molecules_are_read_as_the_model_reads_them(tmp_path, data, command):
    salt = "CC(=O)[O-].[Na+]"
    table = fusebind.datasets.read_pairs(data)
    pairs = {"smiles": [salt, *table["smiles"][1:]], "sequence": table["sequence"], "pKd": table["affinity"]}
    model = fusebind.train("demo", pairs, out=tmp_path / "run", split="random", epochs=1, standardise="none")
    sequence = table["sequence"][0]
    ours = [model.predict(salt, sequence), model.predict([salt], sequence)[0], next(iter(model.screen([salt], sequence)))]
    args = ["predict", tmp_path / "run", "--smiles", salt, "--sequence", sequence, "-o", tmp_path / "out.csv"]
    subprocess.run([command, *map(str, args)], check=True, capture_output=True)
    theirs = polars.read_csv(tmp_path / "out.csv").row(0, named=True)
    assert [row["prediction"] for row in ours] == [theirs["prediction"]] * 3
    assert [row["smiles"] for row in ours] == [theirs["smiles"]] * 3 and "Na" in theirs["smiles"]
    assert fusebind.evaluate(tmp_path / "run", data=pairs, baselines=False)["n"] > 0


def test_what_cannot_be_trained_says_why(data, tmp_path, run):
    with pytest.raises(fusebind.TrainingError) as caught:
        fusebind.train("no-recipe", data, out=tmp_path / "a", split="random")
    assert "default" in caught.value.remedy
    with pytest.raises(fusebind.InputError):
        fusebind.train("demo", {"smiles": ["CCO"], "sequence": ["MKT"]}, out=tmp_path / "b", split="random")
    with pytest.raises(fusebind.TrainingError) as caught:
        fusebind.train("demo", data, out=run, split="random")
    assert caught.value.remedy


@pytest.mark.parametrize("what", ["predict", "train"])
def test_ctrl_c_stops_work(what, run, data, tmp_path):
    code = f"""
        import fusebind, os, sys
        model = fusebind.load({str(run)!r})
        table = fusebind.datasets.read_pairs({str(data)!r}).to_dict()
        pairs = {{name: table[name] * 400 for name in ("smiles", "sequence")}}
        def begun(done, total):
            if done:
                print("begun", flush=True)
        try:
            if {what!r} == "predict":
                model.predict(pairs, progress=begun)
            else:
                fusebind.train("demo", {str(data)!r}, out={str(tmp_path / "run")!r}, split="random", epochs=500, progress=begun)
        except KeyboardInterrupt:
            print("stopped", len(model.predict(["CCO"], [table["sequence"][0]])))
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "begun\n"
    child.send_signal(signal.SIGINT)
    rest, _ = child.communicate(timeout=300)
    assert rest.splitlines()[-1] == "stopped 1" and child.returncode == 0
    if what == "train":
        epochs = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
        assert 0 < len(epochs) < 500


ENCODERS = Path(__file__).parents[3] / "testdata" / "pretrained"

RECIPE = """
name = "small"
[model]
width = 16
[model.graph]
layers = 1
dim = 8
substructures = 32
[model.sequence]
composition = 32
[model.sequence.pretrained]
path = {path!r}
[model.neighbours]
enabled = false
[model.interaction]
dim = 16
rank = 0
[training]
epochs = 3
[calibration]
hold_outs = 0
"""


def test_a_run_with_a_pretrained_encoder_is_scored_with_it_and_without(tmp_path, data):
    there, elsewhere = tmp_path / "esm2", tmp_path / "moved"
    shutil.copytree(ENCODERS / "esm2", there)
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE.format(path=str(there)))
    run = tmp_path / "run"
    fusebind.train(recipe, data, out=run, split="random")
    scores = fusebind.evaluate(run, baselines=False)
    drawn = (run / "report.html").read_text()
    there.rename(elsewhere)
    with pytest.raises(fusebind.ModelError) as caught:
        fusebind.evaluate(run, baselines=False)
    assert caught.value.remedy
    assert fusebind.evaluate(run, baselines=False, encoders=[elsewhere]) == scores
    assert (run / "report.html").read_text() == drawn
    without = fusebind.evaluate(run, baselines=False, without_encoders=True)
    assert without["n"] == scores["n"] and without["metrics"] != scores["metrics"]
    assert (run / "report.html").read_text() == drawn, "scores of a part of the model are no part of its page"
    pair = next(iter(fusebind.datasets.read_pairs(data).to_dicts()))
    ours = fusebind.load(run, encoders=[elsewhere]).predict(pair["smiles"], pair["sequence"])
    theirs = fusebind.load(run, without_encoders=True).predict(pair["smiles"], pair["sequence"])
    assert ours["prediction"] != theirs["prediction"]
