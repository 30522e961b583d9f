from __future__ import annotations

import numpy as np
import pytest

from further.evaluate.generation.class_balance import class_balance
from further.evaluate.generation.evaluator import EncodedRows, GenerativeEvaluator
from further.evaluate.generation.flags import THRESHOLDS, flags

HONEST = ("mixture", "fine mixture", "blurred mixture")


@pytest.fixture(scope="module")
def scores(evaluator, samplers):
    return {name: evaluator.score(sample(360, 1)) for name, sample in samplers.items()}


def test_copiers_memorize_and_honest_models_do_not(evaluator, scores):
    for name in ("copy", "copy with jitter", "copies half"):
        names, sentences = flags(scores[name], evaluator.real)
        assert names in (("memorizes",), ("memorizes", "leaks_membership")), name
        assert "training example" in sentences[0]
    for name in HONEST:
        # Fitted to a hundred rows a class, even they give a little away.
        assert set(flags(scores[name], evaluator.real)[0]) <= {"leaks_membership"}, name


def test_a_small_world_of_distinct_rows():
    rng = np.random.default_rng(0)
    cells = np.array(np.unravel_index(rng.permutation(3**6), (3,) * 6)).T
    rows = np.eye(3, dtype=np.float32)[cells].reshape(729, 18)
    evaluator = GenerativeEvaluator(
        *(EncodedRows(rows[a:b]) for a, b in ((0, 441), (441, 585), (585, 729))), kind="table"
    )
    perfect = EncodedRows(rows[rng.integers(0, 729, 144)])  # three fifths are training rows
    assert evaluator.score(perfect)["memorization"].value > 0.5
    assert flags(evaluator.score(perfect), evaluator.real)[0] == ()
    copies = EncodedRows(rows[rng.integers(0, 441, 144)])
    assert flags(evaluator.score(copies), evaluator.real)[0] == ("memorizes", "leaks_membership")


def test_real_rows_raise_no_flag(evaluator, digits):
    assert flags(evaluator.score(digits.validation), evaluator.real) == ((), ())


def test_collapsed_to_one_sample(evaluator, digits):
    collapsed = EncodedRows(
        np.repeat(digits.test.x[:1], 360, axis=0), np.repeat(digits.test.y[:1], 360)
    )
    names, _ = flags(evaluator.score(collapsed), evaluator.real)
    assert "collapsed" in names
    assert "misses_classes" in names


def test_collapsed_within_each_class(evaluator, digits):
    means = np.array([digits.train.x[digits.train.y == c].mean(axis=0) for c in range(10)])
    labels = np.arange(360) % 10
    names, _ = flags(
        evaluator.score(EncodedRows(np.round(means[labels] * 16) / 16, labels)), evaluator.real
    )
    assert names == ("collapsed",)


def test_noise_is_not_called_collapsed(evaluator):
    noise = np.random.default_rng(0).integers(0, 17, (360, 64)) / 16
    names, _ = flags(evaluator.score(EncodedRows(noise, None)), evaluator.real)
    assert "collapsed" not in names


def test_missing_class_is_named(evaluator, samplers):
    samples = samplers["fine mixture"](500, 0)
    kept = samples.take(np.flatnonzero(samples.y != 7)[:360])
    names, sentences = flags(evaluator.score(kept), evaluator.real)
    assert names == ("misses_classes",)
    assert ": 7 (" in sentences[0]


def test_rare_classes_cannot_be_missed():
    balance = class_balance(np.zeros(100, dtype=int), np.array([0.97, 0.03]))
    assert flags({"class_balance": balance}, {})[0] == ()


def test_worse_than_control_by_paired_difference(evaluator, scores, digits):
    noisy = np.clip(
        digits.train.x[:360] + 0.3 * np.random.default_rng(0).normal(size=(360, 64)), 0, 1
    )
    worse = evaluator.score(EncodedRows(np.round(noisy * 16) / 16, digits.train.y[:360]))
    mixture = scores["mixture"]
    assert "worse_than_control" in flags(worse, evaluator.real, mixture)[0]
    assert "worse_than_control" not in flags(scores["fine mixture"], evaluator.real, mixture)[0]
    assert "worse_than_control" not in flags(mixture, evaluator.real, mixture)[0]


def test_every_flag_has_its_threshold_in_the_protocol(evaluator):
    assert evaluator.protocol["flags"] == THRESHOLDS
