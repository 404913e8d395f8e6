"""Writes reference.json: conformal intervals, p-values and sets of crepes and MAPIE, and Platt maps of scikit-learn, for the tests of
fusebind-eval.

    python make_reference.py        # crepes 0.9.1, MAPIE 1.6.0, scikit-learn 1.9.1, numpy 2.4.6
"""
import json
import pathlib

import numpy as np
from crepes import ConformalClassifier, ConformalRegressor
from mapie.regression import SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.calibration import _SigmoidCalibration

random = np.random.default_rng(11)


class Known(RegressorMixin, BaseEstimator):
    """Predicts its input, so that MAPIE conformalises our residuals."""

    def fit(self, x, y):
        self.is_fitted_ = True
        return self

    def predict(self, x):
        return np.asarray(x)[:, 0]


def half_width(interval):
    width = float(interval[0][1] - interval[0][0]) / 2
    return width if np.isfinite(width) else None


def regression():
    cases = []
    for n in (5, 19, 40, 199):
        residuals = random.normal(size=n)
        sigmas = random.uniform(0.5, 2.0, n)
        groups = random.integers(0, 2, n)
        plain = ConformalRegressor().fit(residuals=residuals)
        scaled = ConformalRegressor().fit(residuals=residuals, sigmas=sigmas)
        binned = ConformalRegressor().fit(residuals=residuals, sigmas=sigmas, bins=groups)
        for alpha in (0.05, 0.1, 0.2):
            # crepes takes the rank from `int((1 - confidence) * (n + 1))`, and 1 - 0.9 is a little less than 0.1: where alpha (n + 1) is a
            # whole number its rank is one too high (19 of 19 at 0.1, where the rule, and MAPIE, say 18). The slack undoes this rounding.
            level = 1 - alpha - 1e-12
            point = np.zeros(1)
            one = np.ones(1)
            case = {
                "alpha": alpha,
                "residuals": residuals.tolist(),
                "sigmas": sigmas.tolist(),
                "groups": groups.tolist(),
                "plain": half_width(plain.predict_int(point, confidence=level)),
                "scaled": half_width(scaled.predict_int(point, sigmas=one, confidence=level)),
                "by_group": [
                    half_width(binned.predict_int(point, sigmas=one, bins=np.array([g]), confidence=level)) for g in (0, 1)
                ],
                "mapie": None,
            }
            # MAPIE refuses calibration sets whose interval would be infinite.
            if n > 1 / alpha:
                mapie = SplitConformalRegressor(Known().fit(None, None), confidence_level=1 - alpha, prefit=True)
                mapie.conformalize(np.zeros((n, 1)), residuals)
                _, interval = mapie.predict_interval(np.zeros((1, 1)))
                case["mapie"] = float(interval[0, 1, 0] - interval[0, 0, 0]) / 2
            cases.append(case)
    return cases


def classification():
    cases = []
    for n in (12, 60):
        p = random.uniform(size=n)
        truth = random.uniform(size=n) < p
        truth[:2] = [True, False]
        alphas = np.where(truth, 1 - p, p)
        model = ConformalClassifier().fit(alphas, bins=truth.astype(int))
        new = random.uniform(size=8)
        scores = {1: 1 - new, 0: new}
        both = [
            model.predict_p(scores[c][:, None], bins=np.full(8, c), smoothing=False)[:, 0].tolist() for c in (1, 0)
        ]
        cases.append({"p": p.tolist(), "truth": truth.tolist(), "new": new.tolist(), "binds": both[0], "not": both[1]})
    return cases


def platt():
    cases = []
    for n, slope, offset in ((50, 1.0, 0.0), (400, 0.5, -1.0), (400, 2.0, 0.7)):
        x = random.normal(size=n) * 2
        truth = random.uniform(size=n) < 1 / (1 + np.exp(-(slope * x + offset)))
        fitted = _SigmoidCalibration().fit(x, truth.astype(int))
        cases.append(
            {
                "p": (1 / (1 + np.exp(-x))).tolist(),
                "truth": truth.tolist(),
                "slope": float(-fitted.a_),
                "offset": float(-fitted.b_),
            }
        )
    return cases


found = {"regression": regression(), "classification": classification(), "platt": platt()}
path = pathlib.Path(__file__).parent / "reference.json"
path.write_text(json.dumps(found) + "\n")
