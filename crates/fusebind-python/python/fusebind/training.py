"""Training, scoring and calibrating."""

from __future__ import annotations

import json
import logging
import os
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from . import _fusebind, _html
from ._progress import Listener, Progress
from .model import Model, load
from .tables import Table, is_path, native, side_tables

Path = Union[str, "os.PathLike[str]"]


def _data(data: Any) -> Any:
    return os.fspath(data) if is_path(data) else native(data)


def train(
    recipe: Path,
    data: Any,
    *,
    out: Path,
    split: Optional[Path] = None,
    seed: int = 0,
    epochs: Optional[int] = None,
    columns: Optional[Mapping[str, str]] = None,
    unit: Optional[str] = None,
    standardise: str = "parent",
    modalities: Any = None,
    allow_unmatched: bool = False,
    all_folds: bool = False,
    resume: bool = False,
    progress: Progress = None,
) -> Model:
    """Trains a model, draws the page of the run, ``report.html`` in its folder, and opens the model.

    Args:
        recipe: Name of a built-in recipe such as ``"default"``, or the path of a TOML file.
        data: Folder, file, or a table with SMILES, sequences and labels or affinities: anything with ``__arrow_c_stream__``.
        out: Folder of the run.
        split: A method (``"random"``, ``"unseen-drug"``, ``"unseen-target"``, ``"unseen-pair"``, ``"scaffold"``, ``"sequence-cluster"``), a file
            that `fusebind data split` wrote, or a column; else that of the recipe.
        seed: Fixes every random choice, that of the split included.
        epochs: In place of those of the recipe.
        columns: Names of columns by role (``smiles``, ``sequence``, ``affinity``, ``label``, ``unit``, ..), where detection is not enough.
        unit: Unit of every affinity, such as ``Kd_nM``.
        standardise: ``"parent"`` reads molecules without counter-ions and charges, ``"none"`` as they are written; predictions follow.
        modalities: Side data, as for `Model.predict`.
        allow_unmatched: Whether a side table may describe none of the entities.
        all_folds: Whether the validation pairs train as well.
        resume: Whether to go on with a run that was stopped.
        progress: A bar, or a function of training pairs done and in all.

    Ctrl-C stops after the running epoch, so that ``resume=True`` goes on with nothing lost; a second one stops at once.
    """
    with Listener(progress, "training", logging.INFO) as listener:
        _fusebind.train_run(
            os.fspath(recipe),
            _data(data),
            os.fspath(out),
            split=None if split is None else os.fspath(split),
            seed=seed,
            epochs=epochs,
            columns=list((columns or {}).items()),
            unit=unit,
            standardise=standardise,
            side=side_tables(modalities),
            allow_unmatched=allow_unmatched,
            all_folds=all_folds,
            resume=resume,
            listener=listener,
        )
    return load(out)


class Evaluation(Dict[str, Any]):
    """Scores of a run: ``n``, ``metrics``, ``baselines``, ``intervals``, ``leakage``, ``calibration``, .. as `fusebind evaluate --json` has them.

    Attributes:
        predictions: The scored pairs as a `Table`: what was measured beside what is predicted.
    """

    predictions: Table

    def _repr_html_(self) -> str:
        names = list(self["metrics"])
        rows = [["model", *self["metrics"].values()]]
        rows += [[name, *(scores.get(metric) for metric in names)] for name, scores in self["baselines"].items()]
        return f"<p>{self['n']} pairs</p>" + _html.table(["", *names], rows)


def evaluate(
    run: Path,
    *,
    data: Any = None,
    split: Optional[Path] = None,
    part: str = "test",
    columns: Optional[Mapping[str, str]] = None,
    unit: Optional[str] = None,
    modalities: Any = None,
    allow_unmatched: bool = False,
    baselines: bool = True,
    without: Sequence[str] = (),
    encoders: Sequence[Path] = (),
    without_encoders: bool = False,
    progress: Progress = None,
) -> Evaluation:
    """Scores a run beside simple baselines. Scores of the test part are added to its page, ``report.html``.

    Args:
        run: Run folder.
        data: The data; a run that was trained on files remembers them, one that was trained on a table in memory needs it again.
        split: As for `train`; without it the one that the run was trained on.
        part: ``"test"``, ``"valid"`` or ``"train"``.
        columns: As for `train`.
        unit: As for `train`.
        modalities: As for `train`.
        allow_unmatched: As for `train`.
        baselines: Whether baselines are scored as well.
        without: Modalities to do without.
        encoders: Folders of the pretrained encoders that the model was trained with, where they are no longer where the model says.
        without_encoders: Whether to go on without them: what they embed is missing.
        progress: A bar, or a function.
    """
    with Listener(progress, "evaluation") as listener:
        text, table = _fusebind.evaluate_run(
            os.fspath(run),
            data=None if data is None else _data(data),
            split=None if split is None else os.fspath(split),
            part=part,
            columns=list((columns or {}).items()),
            unit=unit,
            side=side_tables(modalities),
            allow_unmatched=allow_unmatched,
            baselines=baselines,
            without=list(without),
            encoders=[os.fspath(folder) for folder in encoders],
            without_encoders=without_encoders,
            listener=listener,
        )
    evaluation = Evaluation(json.loads(text))
    evaluation.predictions = Table._of(table)
    return evaluation


def calibrate(
    model: Path,
    data: Any,
    *,
    out: Path,
    columns: Optional[Mapping[str, str]] = None,
    unit: Optional[str] = None,
    modalities: Any = None,
    allow_unmatched: bool = False,
    encoders: Sequence[Path] = (),
    without_encoders: bool = False,
    progress: Progress = None,
) -> Model:
    """Fits intervals and probabilities of a model to labelled pairs of your own, and opens what comes of it.

    Another laboratory's data have another bias. Weights stay what they are; affinities are moved by the median of what they lacked. At least 50
    pairs are needed that the model was not trained on, some 200 are good.

    Args:
        model: Run folder or model file.
        data: Labelled pairs, as for `train`.
        out: File of the calibrated model, which must not exist.
        columns: As for `train`.
        unit: As for `train`.
        modalities: As for `train`.
        allow_unmatched: As for `train`.
        encoders: As for `evaluate`.
        without_encoders: As for `evaluate`.
        progress: A bar, or a function.
    """
    with Listener(progress, "calibration", logging.INFO) as listener:
        _fusebind.calibrate_model(
            os.fspath(model),
            _data(data),
            os.fspath(out),
            columns=list((columns or {}).items()),
            unit=unit,
            side=side_tables(modalities),
            allow_unmatched=allow_unmatched,
            encoders=[os.fspath(folder) for folder in encoders],
            without_encoders=without_encoders,
            listener=listener,
        )
    return load(out, encoders=encoders, without_encoders=without_encoders)
