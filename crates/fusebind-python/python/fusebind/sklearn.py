"""Estimators of scikit-learn: `FusebindRegressor` and `FusebindClassifier`.

``X`` has two columns, SMILES and sequence: an array of strings, a list of pairs, or a table that `fusebind.Model.predict` takes. ``y`` is an affinity,
or a class of two. All settings are arguments, so that ``clone``, ``GridSearchCV`` and ``cross_val_score`` work.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from typing import Any, Dict, List, Optional, Tuple

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from .errors import InputError
from .model import Model, load
from .tables import Table, listed, native
from .training import train

CHECKS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)
"""The checks of scikit-learn that apply and are passed. All others feed arrays of numbers; molecules and sequences are text, as the tags
`two_d_array=False` and `string=True` say."""

UNITS = ("pKd", "pKi", "pIC50", "pEC50", "KIBA")


def _columns(x: Any) -> Dict[str, List[Any]]:
    """SMILES and sequences of `x`."""
    if isinstance(x, numpy.ndarray) or isinstance(x, (list, tuple)):
        array = numpy.asarray(x, dtype=object)
        if array.ndim != 2 or array.shape[1] != 2:
            raise InputError(
                f"X has the shape {array.shape}", field="X", remedy="give two columns: SMILES and sequence of each pair"
            )
        return {"smiles": array[:, 0].tolist(), "sequence": array[:, 1].tolist()}
    table = Table._of(native(x))
    if {"smiles", "sequence"} <= set(table.columns):
        return {"smiles": table["smiles"], "sequence": table["sequence"]}
    if len(table.columns) == 2:
        smiles, sequence = table.columns
        return {"smiles": table[smiles], "sequence": table[sequence]}
    raise InputError(f"X has the columns {', '.join(table.columns)}", field="X", remedy="call two of them smiles and sequence")


class _FusebindEstimator(BaseEstimator):
    """What both estimators share."""

    def __init__(
        self,
        recipe: str = "default",
        *,
        epochs: Optional[int] = None,
        valid_by: str = "random",
        seed: int = 0,
        out: Optional[str] = None,
        progress: Any = False,
    ) -> None:
        self.recipe = recipe
        self.epochs = epochs
        self.valid_by = valid_by
        self.seed = seed
        self.out = out
        self.progress = progress

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = False
        tags.target_tags.required = True
        tags.non_deterministic = False
        return tags

    def _train(self, x: Any, labels: Dict[str, List[Any]]) -> Model:
        columns = _columns(x)
        count, given = len(columns["smiles"]), len(next(iter(labels.values())))
        if count != given:
            raise InputError(f"X has {count} rows and y has {given}", field="y", remedy="give one label for each pair")
        self.n_features_in_ = 2
        out = self.out
        if out is None:
            # Lives as long as the estimator; the model is in memory and needs it no more.
            out = tempfile.mkdtemp(prefix="fusebind-")
            self._folder = weakref.finalize(self, shutil.rmtree, out, True)
            out = os.path.join(out, "run")
        return train(
            self.recipe,
            {**columns, **labels},
            out=out,
            split=self.valid_by,
            seed=self.seed,
            epochs=self.epochs,
            progress=self.progress,
        )

    def __getstate__(self) -> Dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_folder", None)
        model = state.pop("model_", None)
        if model is not None:
            # The whole model travels: its folder may be gone where the estimator is read.
            path = model.path if os.path.isfile(model.path) else os.path.join(model.path, "model.safetensors")
            with open(path, "rb") as file:
                state["_model_bytes"] = file.read()
        return state

    def __setstate__(self, state: Dict[str, Any]) -> None:
        state = dict(state)
        content = state.pop("_model_bytes", None)
        super().__setstate__(state)
        if content is not None:
            folder = tempfile.mkdtemp(prefix="fusebind-")
            self._folder = weakref.finalize(self, shutil.rmtree, folder, True)
            path = os.path.join(folder, "model.safetensors")
            with open(path, "wb") as file:
                file.write(content)
            self.model_ = load(path)

    def _predicted(self, x: Any) -> Table:
        check_is_fitted(self, "model_")
        table = self.model_.predict(Table(_columns(x)), progress=self.progress)
        error = next((error for error in table["error"] if error), None)
        if error is not None:
            raise InputError(error, field="X", remedy="correct or leave out this pair")
        return table


class FusebindRegressor(RegressorMixin, _FusebindEstimator):
    """Affinities from SMILES and sequences.

    Args:
        recipe: Recipe of fusebind.
        unit: Scale of ``y``: pKd, pKi, pIC50, pEC50 (-log10 of mol/L, from 0 to 15) or KIBA.
        epochs: In place of those of the recipe.
        valid_by: How a tenth of the pairs is set apart to choose the epoch, and another tenth is left out: a method of `fusebind.train`.
        seed: Fixes every random choice.
        out: Folder of the run; without it a temporary one.
        progress: As for `fusebind.train`.
    """

    def __init__(
        self,
        recipe: str = "default",
        *,
        unit: str = "pKd",
        epochs: Optional[int] = None,
        valid_by: str = "random",
        seed: int = 0,
        out: Optional[str] = None,
        progress: Any = False,
    ) -> None:
        super().__init__(recipe, epochs=epochs, valid_by=valid_by, seed=seed, out=out, progress=progress)
        self.unit = unit

    def fit(self, X: Any, y: Any) -> "FusebindRegressor":  # noqa: N803
        """Trains on pairs and their affinities."""
        if self.unit not in UNITS:
            raise InputError(f"unit={self.unit!r} is no scale", field="unit", remedy=f"give one of {', '.join(UNITS)}")
        values = [None if value is None else float(value) for value in listed(y)]
        self.model_ = self._train(X, {self.unit: values})
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Affinities, shape ``[N]``, on the scale of ``y``."""
        return numpy.array(self._predicted(X)["prediction"], dtype=float)

    def predict_interval(self, X: Any, level: int = 90) -> Tuple[Any, Any]:  # noqa: N803
        """The intervals of 80, 90 or 95 %: lower and upper ends, each of shape ``[N]``; NaN where nothing can be promised."""
        table = self._predicted(X)
        ends = [[name for name in table.columns if name.endswith(f"_{end}_{level}")] for end in ("lo", "hi")]
        if not all(ends):
            raise InputError(
                f"this model gives no intervals of {level} %", field="level", remedy="train with hold-outs, and ask for 80, 90 or 95"
            )
        low, high = (numpy.array(table[names[0]], dtype=float) for names in ends)
        return low, high


class FusebindClassifier(ClassifierMixin, _FusebindEstimator):
    """Binding or not from SMILES and sequences. The second of the two sorted classes is the one that binds. Arguments as of `FusebindRegressor`."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any) -> "FusebindClassifier":  # noqa: N803
        """Trains on pairs and their classes."""
        self.classes_, codes = numpy.unique(numpy.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise InputError(f"y has {len(self.classes_)} classes", field="y", remedy="give two classes")
        self.model_ = self._train(X, {"label": codes.tolist()})
        return self

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        """Probabilities, shape ``[N, 2]``, in the order of ``classes_``; calibrated where the model can."""
        table = self._predicted(X)
        name = "p_bind" if "p_bind" in table.columns else "probability"
        binds = numpy.array(table[name], dtype=float)
        return numpy.stack([1 - binds, binds], axis=1)

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Classes, shape ``[N]``, at the threshold that validation chose."""
        binds = numpy.array(self._predicted(X)["binds"], dtype=bool)
        return self.classes_[binds.astype(int)]
