"""What else a model does: reasons, embeddings, libraries, facts."""

import numpy
import polars
import pytest

import fusebind


def test_reasons_add_up_and_are_drawn(model, pairs):
    smiles, sequence = pairs["smiles"][0], pairs["sequence"][0]
    reasons = model.explain(smiles, sequence)
    parts = reasons["modalities"]
    total = parts["prior"] + sum(share["share"] for share in parts["shares"])
    assert total == pytest.approx(reasons["prediction"]) and reasons["unit"] == "pKd"
    assert reasons["prediction"] == pytest.approx(model.predict(smiles, sequence)["prediction"])
    page = reasons._repr_html_()
    assert "<svg" in page and reasons["neighbours"][0]["drug"] in page
    assert len(model.explain([smiles, smiles], sequence)) == 2


def test_what_notebooks_show(model, pairs):
    one = model.predict(pairs["smiles"][0], pairs["sequence"][0])
    assert "<svg" in one._repr_html_() and "interval of 90 %" in one._repr_html_()
    table = model.predict(pairs)
    assert "200 rows" in table._repr_html_() and "<script" not in table._repr_html_()
    bad = model.predict(["<script>"], pairs["sequence"][0])[0]
    assert "<script>" not in bad._repr_html_()
    assert "demo" in model._repr_html_() and model.info["recipe"] == "demo"


def test_embeddings_are_arrays(model, pairs):
    drugs = model.embed(pairs["smiles"][:5])
    targets = model.embed(targets=pairs["sequence"][:3])
    assert drugs.dtype == numpy.float32 and drugs.shape[0] == 5 and targets.shape == (3, drugs.shape[1])
    assert (model.embed(pairs["smiles"][2]) == drugs[2:3]).all() and model.embed([]).shape[0] == 0
    with pytest.raises(fusebind.InputError):
        model.embed(["C("])


def test_a_library_is_ranked_as_predictions_rank_it(model, pairs, tmp_path):
    library = list(dict.fromkeys(pairs["smiles"]))
    targets = {name: sequence for name, sequence in zip("AB", dict.fromkeys(pairs["sequence"]))}
    hits = model.screen([*library, "C("], targets, top=3)
    assert hits["rank"] == [1, 2, 3, 1, 2, 3] and hits["target_id"] == list("AAABBB")
    for name, sequence in targets.items():
        scores = {s: model.predict(s, sequence)["prediction"] for s in library}
        best = sorted(scores.values(), reverse=True)[:3]
        assert [p for p, t in zip(hits["prediction"], hits["target_id"]) if t == name] == best
    path = tmp_path / "library.csv"
    polars.DataFrame({"smiles": library}).write_csv(path)
    found = model.screen(path, targets, top=3)
    assert found["prediction"] == hits["prediction"] and found["library_file"] == [str(path)] * 6
    compound = model.screen(library[:2], targets, top=1, per="compound")
    assert compound["rank"] == [1, 1] and len(compound) == 2
    assert len(model.screen({"smiles": library}, list(targets.values()), top=2, inside=True)) <= 4
    with pytest.raises(fusebind.InputError):
        model.screen(library, targets, per="row")
