"""Shift scores by hand, on real shifted rows, and the rate of false alarms that is promised."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from further import ShiftDetector, compare_shift_scores
from further.errors import InputError
from further.trust.safety.shift_scores import Reference, fit_members, logits_of, scorer_of


def itself(X):
    return X


def reference(X, y=None, **more):
    return Reference(np.asarray(X, float), y, itself, **more)


@pytest.fixture(scope="module")
def digits_split():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    known = y < 8
    parts = train_test_split(X[known], y[known], test_size=0.4, random_state=0, stratify=y[known])
    return (*parts, X[~known])


def test_the_distance_is_that_to_the_kth_nearest_training_row():
    score = scorer_of("nearest", reference([[0.0], [1.0], [3.0]], n_neighbors=2))
    assert score(np.array([[0.0], [4.0]])).tolist() == [1.0, 3.0]


def test_mahalanobis_is_the_distance_to_the_nearest_class_in_its_spread():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 5000)
    X = rng.normal(size=(10_000, 2)) * [2.0, 0.5] + 10 * y[:, None]
    score = scorer_of("mahalanobis", reference(X, y))
    found = score(np.array([[0.0, 0.0], [4.0, 0.0], [10.0, 11.0]]))
    assert found == pytest.approx([0, 2, 2], abs=0.05)


def test_energy_of_known_logits_and_of_probabilities_alone():
    class Model:
        classes_ = np.array([0, 1, 2])

        def predict_proba(self, X):
            return np.array([[0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]])

    logits, basis = logits_of(Model(), np.zeros((2, 1)))
    assert logits.sum(axis=1) == pytest.approx([0, 0])
    assert "sum to zero" in basis
    energy = scorer_of("energy", reference([[0.0]], model=Model()))(np.zeros((2, 1)))
    # As the head of the module has it: the mean of the logarithms.
    assert energy == pytest.approx([np.log([0.5, 0.25, 0.25]).mean(), np.log(1 / 3)])
    X, y = load_digits(return_X_y=True, n_class=3)
    linear = LogisticRegression(max_iter=500).fit(X, y)
    logits, basis = logits_of(linear, X[:5])
    assert basis == "decision_function"
    assert logits == pytest.approx(X[:5] @ linear.coef_.T + linear.intercept_)


def test_members_that_agree_do_not_disagree():
    class Says:
        classes_ = np.array([0, 1])

        def __init__(self, p):
            self.p = p

        def predict_proba(self, X):
            return np.tile([1 - self.p, self.p], (len(X), 1))

    alike = scorer_of("disagreement", reference([[0.0]], members=(Says(0.9), Says(0.9))))
    apart = scorer_of("disagreement", reference([[0.0]], members=(Says(0.0), Says(1.0))))
    assert alike(np.zeros((1, 1))) == pytest.approx([0], abs=1e-9)
    assert apart(np.zeros((1, 1))) == pytest.approx([np.log(2)])
    X, y = load_digits(return_X_y=True, n_class=2)
    without_probabilities = fit_members(SVC(), X[:80], y[:80], 3, 0)
    votes = scorer_of("disagreement", reference(X, members=without_probabilities))(X[80:90])
    assert votes.min() >= 0
    numbers = fit_members(LinearRegression(), X[:80], y[:80] * 1.0, 3, 0)
    assert scorer_of("disagreement", reference(X, members=numbers))(X[:4]).shape == (4,)


def test_it_is_an_estimator_of_scikit_learn():
    failed = [r for r in check_estimator(ShiftDetector(), on_fail=None) if r["status"] == "failed"]
    assert failed == []


def test_p_values_and_alarms_are_one_and_the_same(digits_split):
    X_train, X_test, *_, new = digits_split
    detector = ShiftDetector(random_state=0).fit(X_train.reshape(-1, 8, 8))
    for rows in (X_test.reshape(-1, 8, 8), new.reshape(-1, 8, 8)):
        alarms = detector.predict(rows) == -1
        assert (alarms == (detector.p_values(rows) <= 0.05)).all()
        assert (detector.score_samples(rows) == -detector.shift(rows)).all()
    assert (detector.predict(new.reshape(-1, 8, 8)) == -1).mean() > 0.6
    again, some = pickle.loads(pickle.dumps(detector)), new[:9].reshape(-1, 8, 8)
    assert again.shift(some) == pytest.approx(detector.shift(some))


def test_few_rows_raise_no_alarm_and_say_so():
    X = np.random.default_rng(0).normal(size=(30, 2))
    detector = ShiftDetector(random_state=0).fit(X)
    assert (detector.predict(X + 1e6) == 1).all()
    assert "no alarm at all" in detector.notes_[0]


def test_what_cannot_be_used_is_refused_in_a_sentence(digits_split):
    X_train, _, y_train, _, new = digits_split
    with pytest.raises(InputError, match="needs a classifier"):
        ShiftDetector("energy").fit(X_train)
    with pytest.raises(InputError, match="so give y too"):
        ShiftDetector("energy", LogisticRegression()).fit(X_train)
    model = LogisticRegression().fit(X_train, y_train)
    with pytest.raises(InputError, match="takes at least 19"):
        compare_shift_scores(model, X_train, X_train[:10], {"new": new})
    with pytest.raises(InputError, match="no network"):
        ShiftDetector("nearest", model, representation="network", prefit=True).fit(X_train)


def test_a_table_with_words_and_gaps_is_taken(real_data):
    birds = pd.read_csv(real_data / "tables" / "penguins.csv")
    known = birds["species"] != "Gentoo"
    X = birds.drop(columns="species")
    detector = ShiftDetector(random_state=0, calibration_share=0.4).fit(X[known])
    assert (detector.predict(X[~known]) == -1).mean() > 0.95
    as_seen = ShiftDetector("nearest", RandomForestClassifier(5), random_state=0).fit(X[known])
    assert as_seen.estimator_ is None
    with pytest.raises(ValueError, match="feature names should match"):
        detector.predict(X.drop(columns="island"))


def test_confidence_is_no_detector_and_the_table_says_so(digits_split):
    X_train, X_test, y_train, _, new = digits_split
    noise = np.random.default_rng(0).random((300, 64))
    model = LogisticRegression(C=100, max_iter=3000).fit(X_train, y_train)
    found = compare_shift_scores(
        model, X_train, X_test, {"8 and 9": new, "noise": noise}, y_train=y_train, ensemble=5
    )
    table = found.to_frame().set_index(["shift", "score"])
    # Half of uniform noise is named with a probability of 0.9 or more.
    assert (model.predict_proba(noise).max(axis=1) >= 0.9).mean() > 0.3
    assert table.loc[("noise", "nearest"), "detected"] == 1.0
    assert table.loc[("noise", "confidence"), "detected"] < 0.6
    confidence = 1 - model.predict_proba(np.concatenate([X_test, new])).max(axis=1)
    is_new = np.repeat([0, 1], [len(X_test), len(new)])
    assert table.loc[("8 and 9", "confidence"), "auc"] == pytest.approx(
        roc_auc_score(is_new, confidence)
    )
    assert (table["auc_low"] <= table["auc"]).all()
    assert "confidence alone" in found.sentence
    assert found.notes == ("Energy is that of decision_function.",)


def test_a_network_is_compared_by_its_last_layer(digits):
    import further

    X, y = digits
    network = further.MLPClassifier(hidden=(16,), budget="5 steps", random_state=0).fit(X, y)
    from further.trust.safety.representation import network_logits, penultimate

    assert penultimate(network, X).shape == (200, 16)
    logits = network_logits(network, X) / network.temperature_
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert e / e.sum(axis=1, keepdims=True) == pytest.approx(network.predict_proba(X), abs=1e-5)
    found = compare_shift_scores(network, X[:150], X[150:], {"noise": 16 - X[:30]}, ensemble=0)
    assert found.notes == ("Energy is that of logits of the network.",)


@pytest.mark.slow
@pytest.mark.parametrize("n", [70, 200, 500])
def test_the_rate_of_false_alarms_holds(n):
    """Over 3,000 samples of heavy-tailed rows, with each n its own rate k / (n + 1)."""
    rng = np.random.default_rng(n)
    alarms = []
    for repetition in range(3000):
        X = rng.standard_t(2, size=(n + 10, 2))
        detector = ShiftDetector(representation=itself, random_state=repetition).fit(X[:n])
        alarms.append((detector.predict(X[n:]) == -1).mean())
    held_out = len(detector.calibration_scores_)
    promised = np.floor(0.05 * (held_out + 1)) / (held_out + 1)
    error = np.std(alarms) / np.sqrt(len(alarms))
    assert abs(np.mean(alarms) - promised) < 4 * error
    assert np.mean(alarms) < 0.05 + 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["nearest", "mahalanobis", "energy", "disagreement"])
def test_the_rate_holds_on_real_digits(measure):
    """Over 60 splits of 800 digits, whatever the score."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    alarms = []
    for repetition in range(60):
        rows = rng.permutation(len(X))
        train, new = rows[:500], rows[500:800]
        model = RandomForestClassifier(20, random_state=0)
        detector = ShiftDetector(measure, model, n_members=3, random_state=repetition)
        detector.fit(X[train], y[train])
        alarms.append((detector.predict(X[new]) == -1).mean())
    assert np.mean(alarms) < 0.05 + 4 * np.std(alarms) / 60**0.5
