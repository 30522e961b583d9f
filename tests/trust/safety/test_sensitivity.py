"""Sensitivity: limits of the ratio by simulation, settings within their limits, real models."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from further import sensitivity
from further.errors import InputError
from further.trust.safety.multiplicity import multiplicity
from further.trust.safety.neighbourhood import draw_settings, names_of
from further.trust.safety.variance_ratio import variance_ratio


def simulated(rng, ratio, draw=None):
    """Return figures of 20 settings whose spread is the ratio, and of five seeds at each."""
    settings = (draw or rng.normal)(size=20)
    settings = ratio * (settings - settings.mean()) / settings.std(ddof=1)
    return settings[:, None] + rng.normal(size=(20, 5))


def test_f_is_that_of_scipy():
    figures = simulated(np.random.default_rng(0), 1.0)
    found, other = variance_ratio(figures), stats.f_oneway(*figures)
    assert (found.f, found.p) == pytest.approx((other.statistic, other.pvalue))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "exponential"])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0])
def test_the_interval_holds_the_ratio_in_95_of_100_whatever_the_settings(ratio, kind):
    rng = np.random.default_rng(1)
    found = [variance_ratio(simulated(rng, ratio, getattr(rng, kind))) for _ in range(2000)]
    assert 0.935 <= np.mean([f.low <= ratio <= f.high for f in found]) <= 0.97
    assert np.mean([f.value for f in found]) == pytest.approx(ratio, abs=0.06)


def test_the_test_keeps_its_level_where_settings_do_not_matter():
    rng = np.random.default_rng(2)
    found = [variance_ratio(simulated(rng, 0.0)) for _ in range(2000)]
    assert 0.04 <= np.mean([f.p < 0.05 for f in found]) <= 0.06


def test_without_chance_there_is_no_ratio():
    found = variance_ratio(np.repeat([[0.5], [0.6]], 3, axis=1))
    assert found.value is None
    assert found.between > 0


def test_settings_stay_within_a_factor_and_what_is_declared():
    model = make_pipeline(StandardScaler(), GradientBoostingClassifier(subsample=0.9, max_depth=1))
    names = names_of(model)
    assert "gradientboostingclassifier__subsample" in names
    assert not any(name.endswith(("random_state", "verbose")) for name in names)
    drawn = draw_settings(model, names, 200, np.random.default_rng(0))
    subsamples = [s.values["gradientboostingclassifier__subsample"] for s in drawn]
    depths = {s.values["gradientboostingclassifier__max_depth"] for s in drawn}
    rates = np.array([s.values["gradientboostingclassifier__learning_rate"] for s in drawn])
    assert max(subsamples) <= 1.0
    assert depths == {1, 2}
    assert rates.min() >= 0.05
    assert rates.max() <= 0.2
    # Log-uniform: as many are halved as doubled.
    assert stats.kstest(np.log2(rates / 0.1), stats.uniform(-1, 2).cdf).pvalue > 0.01
    model.set_params(**drawn[0].values)._validate_params()


def test_ambiguity_and_discrepancy_by_hand():
    tied = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0]])
    found = multiplicity(tied, np.array([[0, 0, 0, 0], [0, 0, 0, 1]]))
    assert found.ambiguity.value == 0.75
    assert found.discrepancy == 0.5
    assert found.between_settings == pytest.approx((0.25 + 0.5 + 0.75) / 3)
    assert found.between_seeds == 0.25


def test_a_parameter_that_decides_is_found():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), SVC(C=0.1, gamma=0.2))
    told = []
    found = sensitivity(
        model, X, y, {"svc__gamma": 16.0, "svc__coef0": [0.0, 1.0]}, n_settings=12, n_seeds=3,
        on_forecast=told.append,
    )  # fmt: skip
    assert "about" in told[0]
    assert found.effects[0].name == "svc__gamma"
    assert found.effects[0].p_adjusted < 0.05
    assert found.ratio.low > 1
    assert found.ratio.p < 0.001
    assert "svc__gamma matters most" in found.sentence
    assert len(found.to_frame()) == 13 * 3
    assert json.loads(json.dumps(found.to_json()))["sentence"] == found.sentence


def test_a_parameter_that_does_nothing_does_not_stand_out():
    X, y = load_wine(return_X_y=True)
    found = sensitivity(KNeighborsClassifier(3), X, y, {"leaf_size": 2.0}, n_settings=8, n_seeds=4)
    assert found.ratio.low == 0
    assert "No single parameter stands out" in found.sentence
    assert found.multiplicity.models >= 2


def test_the_same_seed_gives_the_same_and_seeds_alone_may_vary():
    X, y = load_wine(return_X_y=True)
    tree = DecisionTreeClassifier(max_features=3)
    options = {"neighbourhood": {"max_features": 2.0}, "n_settings": 3, "n_seeds": 2}
    first, again = (sensitivity(tree, X, y, **options).to_json() for _ in range(2))
    assert first == again
    without_chance = sensitivity(Ridge(), X, y * 1.0, n_settings=3, n_seeds=2, training_share=1.0)
    assert without_chance.ratio.value is None
    assert without_chance.metric == "r2"
    assert without_chance.multiplicity is None


def test_a_model_of_ours_is_taken():
    import further

    X, y = load_wine(return_X_y=True)
    found = sensitivity(
        further.MLPClassifier(hidden=(8,), budget="20 steps"), X, y, {"dropout": [0.0, 0.2]},
        n_settings=2, n_seeds=2,
    )  # fmt: skip
    assert found.estimator == "MLPClassifier"
    assert found.given.mean > 0.5


def test_settings_that_fail_are_told_and_left_out():
    class Fragile(DecisionTreeClassifier):
        def fit(self, X, y):
            if self.max_depth == 1:
                raise ValueError("too shallow")
            return super().fit(X, y)

    X, y = load_wine(return_X_y=True)
    found = sensitivity(
        Fragile(max_depth=3), X, y, {"max_depth": [1, 2, 3]}, n_settings=12, n_seeds=2
    )
    assert len(found.settings) < 12
    assert "too shallow" in found.notes[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"neighbourhood": {"max_dept": 2.0}}, "did you mean"),
        ({"neighbourhood": {"criterion": 2.0}}, "list values"),
        ({"neighbourhood": {"max_depth": 0.5}}, "above 1"),
        ({"neighbourhood": {"criterion": ["gini"]}}, "at least two"),
        ({"n_seeds": 1}, "at least 2"),
        ({"y": None}, "needs y"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    X, y = load_wine(return_X_y=True)
    with pytest.raises(InputError, match=message):
        sensitivity(DecisionTreeClassifier(max_depth=3), X, **{"y": y, **given})
