"""The estimators of scikit-learn."""

import pickle

import numpy
import pytest
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import cross_val_score
from sklearn.utils import estimator_checks

import fusebind
from fusebind.sklearn import CHECKS, FusebindClassifier, FusebindRegressor


@pytest.fixture(scope="module")
def labelled(data):
    table = fusebind.datasets.read_pairs(data)
    x = numpy.array([table["smiles"], table["sequence"]], dtype=object).T
    return x, numpy.array(table["affinity"])


def test_a_regressor_learns_and_predicts(labelled, data):
    x, y = labelled
    model = FusebindRegressor(recipe="demo", epochs=3).fit(x[:600], y[:600])
    assert model.score(x[600:], y[600:]) > -1 and model.predict(x[600:]).shape == (len(x) - 600,)
    low, high = model.predict_interval(x[600:610])
    assert (low <= high).all()
    table = fusebind.Table({"smiles": list(x[:5, 0]), "sequence": list(x[:5, 1])})
    assert (model.predict(table) == model.predict(x[:5])).all()
    assert cross_val_score(FusebindRegressor(recipe="demo", epochs=1), x, y, cv=2).shape == (2,)


def test_a_classifier_learns_and_predicts(labelled):
    x, y = labelled
    names = numpy.where(y > numpy.median(y), "yes", "no")
    model = clone(FusebindClassifier(epochs=1)).fit(x, names)
    assert list(model.classes_) == ["no", "yes"] and set(model.predict(x[:50])) <= {"no", "yes"}
    shares = model.predict_proba(x[:50])
    assert shares.shape == (50, 2) and numpy.allclose(shares.sum(axis=1), 1)
    with pytest.raises(ValueError):
        FusebindClassifier().fit(x[:3], ["a", "b", "c"])


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", [FusebindRegressor, FusebindClassifier])
def test_the_checks_of_scikit_learn_that_apply(kind, check):
    getattr(estimator_checks, check)(kind.__name__, kind())


@pytest.mark.parametrize("kind", [FusebindRegressor, FusebindClassifier])
def test_scikit_learn_finds_nothing_else(kind):
    """What check_estimator runs of itself; checks that feed numbers are left out by the tags, since molecules and sequences are text."""
    with pytest.warns(SkipTestWarning):
        estimator_checks.check_estimator(kind())


def test_a_fitted_estimator_travels(labelled):
    x, y = labelled
    model = FusebindRegressor(recipe="demo", epochs=1).fit(x, y)
    expected = model.predict(x[:9])
    text = pickle.dumps(model)
    del model
    assert (pickle.loads(text).predict(x[:9]) == expected).all()
