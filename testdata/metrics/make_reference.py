"""Writes reference.json: scores computed by scikit-learn, SciPy, RDKit and naive definitions, for the tests of fusebind-eval.

    python make_reference.py        # scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6, RDKit 2026.09.1

null stands for a score that is undefined: one class, no variance, nothing to compare.
"""
import itertools
import json
import math
import pathlib
import warnings

import numpy as np
from rdkit.ML.Scoring import Scoring
from scipy import integrate, stats
from sklearn import metrics

warnings.filterwarnings("ignore")
random = np.random.default_rng(7)


def number(value):
    return float(value) if value is not None and math.isfinite(value) else None


def naive_concordance(truth, predicted):
    higher = truth[:, None] > truth[None, :]
    difference = predicted[:, None] - predicted[None, :]
    if not higher.any():
        return None
    return ((difference > 0) * 1.0 + (difference == 0) * 0.5)[higher].mean()


def rm2(truth, predicted, squared):
    """Roy's rm2; `squared` squares both terms once more, as the published script of DeepDTA does."""
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return None
    with_intercept = stats.pearsonr(truth, predicted)[0] ** 2
    slope = np.linalg.lstsq(predicted[:, None], truth, rcond=None)[0][0]
    origin = metrics.r2_score(truth, slope * predicted)
    power = 2 if squared else 1
    return with_intercept * (1 - math.sqrt(abs(with_intercept**power - origin**power)))


def regression(name, truth, predicted):
    truth, predicted = np.asarray(truth, float), np.asarray(predicted, float)
    varied = np.ptp(truth) > 0 and np.ptp(predicted) > 0
    return {
        "name": name,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "expected": {
            "mse": number(metrics.mean_squared_error(truth, predicted)),
            "rmse": number(metrics.root_mean_squared_error(truth, predicted)),
            "mae": number(metrics.mean_absolute_error(truth, predicted)),
            "ci": number(naive_concordance(truth, predicted)),
            "rm2": number(rm2(truth, predicted, False)),
            "rm2_deepdta": number(rm2(truth, predicted, True)),
            "pearson": number(stats.pearsonr(truth, predicted)[0]) if varied else None,
            "spearman": number(stats.spearmanr(truth, predicted)[0]) if varied else None,
            "r2": number(metrics.r2_score(truth, predicted)) if np.ptp(truth) > 0 else None,
        },
    }


def orders(truth, scores):
    """Every order of the rows by falling score, up to the order of actives within ties (equal ones are interchangeable)."""
    groups = []
    for score in sorted(set(scores), reverse=True):
        labels = [bool(t) for t, s in zip(truth, scores) if s == score]
        places = itertools.combinations(range(len(labels)), sum(labels))
        groups.append([[i in chosen for i in range(len(labels))] for chosen in places])
    for parts in itertools.product(*groups):
        yield [label for part in parts for label in part]


def over_ties(truth, scores, score):
    """Mean of `score` over the orders of tied rows; all orders of one group are equally likely."""
    return float(np.mean([score([[label] for label in order]) for order in orders(truth, scores)]))


def log_auc(truth, scores, start):
    rate, found, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
    area = 0.0
    for left, right, low, high in zip(rate[:-1], rate[1:], found[:-1], found[1:]):
        if right > max(left, start):
            line = lambda x: (low + (high - low) * (x - left) / (right - left)) / x
            area += integrate.quad(line, max(left, start), right, epsabs=0, epsrel=1e-12)[0]
    return area / math.log(1 / start)


def calibration_error(truth, scores, bins):
    index = np.minimum((scores * bins).astype(int), bins - 1)
    parts = [index == bin for bin in range(bins)]
    return sum(part.sum() * abs(scores[part].mean() - truth[part].mean()) for part in parts if part.any()) / len(truth)


def classification(name, truth, scores, threshold, early=True):
    truth, scores = np.asarray(truth, int), np.asarray(scores, float)
    both = 0 < truth.sum() < len(truth)
    called = scores >= threshold
    best = None
    if both:
        best = max(metrics.f1_score(truth, scores >= t) for t in set(scores))
    early = early and both
    return {
        "name": name,
        "truth": truth.astype(bool).tolist(),
        "scores": scores.tolist(),
        "threshold": threshold,
        "expected": {
            "auroc": number(metrics.roc_auc_score(truth, scores)) if both else None,
            "auprc": number(metrics.average_precision_score(truth, scores)) if both else None,
            "f1": number(metrics.f1_score(truth, called, zero_division=0)),
            "mcc": number(metrics.matthews_corrcoef(truth, called)),
            "accuracy": number(metrics.accuracy_score(truth, called)),
            "precision": number(metrics.precision_score(truth, called, zero_division=0)),
            "recall": number(metrics.recall_score(truth, called, zero_division=0)),
            "ece": number(calibration_error(truth, scores, 15)),
            "brier": number(np.mean((truth - scores) ** 2)),
            "log_auc": number(log_auc(truth, scores, 0.001)) if both else None,
        },
        "best_f1": best,
        # Means over all orders of the ties: RDKit's own values depend on which tied row comes first.
        "bedroc": {
            str(alpha): over_ties(truth, scores, lambda rows: Scoring.CalcBEDROC(rows, 0, alpha))
            for alpha in (1.0, 20.0, 80.5, 160.9)
        } if early else None,
        "enrichment": {
            str(share): over_ties(truth, scores, lambda rows: Scoring.CalcEnrichment(rows, 0, [share])[0])
            for share in (0.05, 0.1, 0.3)
        } if early else None,
    }


MASK = (1 << 64) - 1


def split_mix(seed, count, limit):
    """`count` draws below `limit` of SplitMix64 (Steele et al. 2014), by the high half of the product."""
    state = seed
    while True:
        rows = []
        for _ in range(count):
            state = (state + 0x9E3779B97F4A7C15) & MASK
            z = state
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
            rows.append((z ^ (z >> 31)) * limit >> 64)
        yield rows


def resampling(seed, rounds, level):
    truth = random.normal(size=40)
    first = truth + random.normal(scale=0.8, size=40)
    second = truth + random.normal(scale=0.6, size=40)
    draws = split_mix(seed, 40, 40)
    error = lambda rows, predicted: metrics.mean_squared_error(truth[rows], predicted[rows])
    rows = [next(draws) for _ in range(rounds)]
    ends = [100 * (1 - level) / 2, 100 * (1 + level) / 2]
    single = np.percentile([error(r, second) for r in rows], ends)
    paired = np.percentile([error(r, second) - error(r, first) for r in rows], ends)
    return {
        "seed": seed, "rounds": rounds, "level": level,
        "truth": truth.tolist(), "first": first.tolist(), "second": second.tolist(),
        "single": single.tolist(), "paired": paired.tolist(),
    }


pkd = np.maximum(5.0, random.normal(5.2, 1.0, 120)).round(2)
normal = random.normal(size=100)
labels = random.random(60) < 0.4
squash = lambda x: 1 / (1 + np.exp(-x))
reference = {
    "regression": [
        regression("continuous", normal, 0.7 * normal + random.normal(scale=0.5, size=100)),
        regression("ties in both", random.integers(0, 6, 80), random.integers(0, 6, 80)),
        regression("affinities with a floor", pkd, (0.8 * pkd + 1 + random.normal(scale=0.4, size=120)).round(1)),
        regression("anticorrelated", normal[:30], -normal[:30] + random.normal(scale=0.1, size=30)),
        regression("far from the origin", 1e6 + normal[:50], 1e6 + 0.5 * normal[:50]),
        regression("perfect", normal[:20], normal[:20]),
        regression("constant prediction", normal[:30], [0.1] * 30),
        regression("constant truth", [0.1] * 10, normal[:10]),
        regression("one row", [1.0], [2.0]),
    ],
    "classification": [
        classification("continuous", labels, squash(labels * 1.5 + random.normal(size=60) - 0.5), 0.5),
        classification("ties", random.random(18) < 0.4, (random.random(18) * 5).round() / 5, 0.4),
        classification("ties at the top, actives first", [1, 1, 0, 0, 0, 0, 1, 0], [0.9] * 5 + [0.2] * 3, 0.5),
        classification("all tied, actives first", [1] * 3 + [0] * 9, [0.5] * 12, 0.5),
        classification("perfect", labels, labels * 0.8 + 0.1, 0.5, early=False),
        classification("inverted", labels, 0.9 - labels * 0.8, 0.5, early=False),
        classification("one active in eighty", np.arange(80) == 3, squash(random.normal(size=80)), 0.5),
        classification("nothing called", random.random(20) < 0.5, random.random(20) / 2, 0.6),
        classification("actives only", [1] * 6, random.random(6), 0.5),
        classification("decoys only", [0] * 6, random.random(6), 0.5),
    ],
    "resampling": [resampling(1, 200, 0.95), resampling(2**63 + 5, 37, 0.8)],
}
path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(reference, indent=1) + "\n")
