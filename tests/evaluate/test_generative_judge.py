from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import pytest

from further.data.spec import Block
from further.errors import InputError
from further.evaluate.generation.judge import GenerativeJudge, Rows
from further.evaluate.interval import paired_difference

LOWER_IS_BETTER = ("kernel_distance", "frechet_distance", "two_sample_accuracy")
HIGHER_IS_BETTER = (
    "precision",
    "density",
    "coverage",
    "synthetic_to_real_accuracy",
    "augmentation_gain",
    "class_balance",
)


def test_real_and_noise_are_the_two_ends(judge, samplers):
    scores = judge.score(samplers["mixture"](360, 0))
    for name in LOWER_IS_BETTER:
        assert judge.real[name] < scores[name].value < judge.noise[name], name
    for name in ("precision", "coverage", "synthetic_to_real_accuracy", "class_balance"):
        assert judge.real[name] + 0.03 > scores[name].value > judge.noise[name], name
    for name in HIGHER_IS_BETTER:
        assert judge.real[name] > judge.noise[name], name


def test_every_score_is_complete(judge, samplers):
    scores = judge.score(samplers["mixture"](360, 0))
    assert set(scores) == set(judge.real) == set(judge.noise)
    for name, score in scores.items():
        estimate = score.estimate
        assert estimate.low <= estimate.value <= estimate.high, name
        assert estimate.method
        assert score.draws is not None
        json.dumps([estimate.to_dict(), score.detail])
    json.dumps([judge.protocol, judge.real, judge.noise])


def test_same_seed_same_scores(digits, samplers):
    def values():
        parts = digits.train.first(300), digits.validation.first(90), digits.test.first(90)
        judge = GenerativeJudge(*parts, kind="images", integer_grid=17, seed=3)
        scores = judge.score(samplers["mixture"](90, 0))
        return judge.real, judge.noise, [s.estimate for s in scores.values()]

    assert values() == values()


def test_differences_are_paired(judge, samplers):
    one = judge.score(samplers["mixture"](360, 0))
    two = judge.score(samplers["fine mixture"](360, 0))
    for name in one:
        difference = paired_difference(one[name], two[name])
        assert difference.low <= difference.value <= difference.high
    first, second = one["kernel_distance"], two["kernel_distance"]
    difference = paired_difference(first, second)
    separate = np.hypot(first.draws.std(), second.draws.std())
    assert (first.draws - second.draws).std() < separate
    assert difference.value == pytest.approx(first.value - second.value)


def test_more_samples_are_used_for_learning_only(judge, samplers):
    scores = judge.score(samplers["mixture"](judge.n_learning_samples, 0))
    assert scores["kernel_distance"].estimate.n == judge.n_samples == 360
    assert scores["synthetic_to_real_accuracy"].detail["rows_learnt_from"] == 1078


def test_a_judge_costs_seconds(digits, samplers):
    start = time.process_time()
    judge = GenerativeJudge(
        digits.train, digits.validation, digits.test, kind="images", integer_grid=17
    )
    built = time.process_time()
    judge.score(samplers["mixture"](360, 0))
    # 2 s and 0.6 s on an idle core; a busy machine takes several times as much.
    assert built - start < 15
    assert time.process_time() - built < 8


def test_without_labels(digits, samplers):
    train, validation, test = (
        Rows(part.x.reshape(-1, 1, 8, 8)) for part in (digits.train, digits.validation, digits.test)
    )
    judge = GenerativeJudge(train, validation, test, kind="images", integer_grid=17)
    assert "principal components" in judge.protocol["features"]
    scores = judge.score(Rows(samplers["mixture"](360, 0).x.reshape(-1, 1, 8, 8)))
    undefined = {name for name, score in scores.items() if score is None}
    assert undefined == {"synthetic_to_real_accuracy", "augmentation_gain", "class_balance"}
    assert all(judge.real[name] is None for name in undefined)


def test_unlabelled_samples_of_labelled_data(judge, samplers):
    scores = judge.score(Rows(samplers["mixture"](360, 0).x))
    assert scores["synthetic_to_real_accuracy"] is None
    assert scores["class_balance"].value > 0.9


def table(n: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    age, city = rng.normal(40 + 10 * label, 8), rng.integers(0, 3, n)
    frame = pd.DataFrame({"age": age, "next": age + 1, "city": np.array(list("abc"))[city]})
    x = np.column_stack([(age - 45) / 10, (age - 44) / 10, np.eye(3)[city]])
    return Rows(x.astype(np.float32), label, frame)


BLOCKS = (
    Block("age", 0, 1, "numeric"),
    Block("next", 1, 2, "numeric"),
    Block("city", 2, 5, "categorical"),
)


def test_tables():
    train, validation, test, good = (table(n, seed) for seed, n in enumerate((300, 100, 100, 100)))
    judge = GenerativeJudge(train, validation, test, kind="table", blocks=BLOCKS)
    scores = judge.score(good)
    for name in ("column_shapes", "pair_correlations"):
        assert judge.real[name] > judge.noise[name] + 0.05
        assert scores[name].estimate.low > judge.noise[name]
    assert scores["column_shapes"].value > 0.9
    assert scores["constraint_violations"].value < 0.1 < judge.noise["constraint_violations"]
    assert "age ≤ next" in judge.protocol["constraints"]["first"]
    assert judge.score(Rows(good.x, good.y))["column_shapes"] is None


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10])
def test_tiny_splits(n):
    train, validation, test = table(max(n, 4), 0), table(n, 1), table(n, 2)
    judge = GenerativeJudge(train, validation, test, kind="table", blocks=BLOCKS)
    for samples in (table(n, 3), table(2, 3), table(3 * n, 3)):
        scores = judge.score(samples)
        assert np.isfinite([s.value for s in scores.values() if s is not None]).all()


def test_awkward_data():
    rng = np.random.default_rng(0)
    x = np.c_[np.ones((40, 3)), rng.normal(size=(40, 2))].astype(np.float32)
    labels = np.r_[np.zeros(38, dtype=int), 1, 5]  # a class of one row, and gaps in the codes
    rows = Rows(x, labels)
    judge = GenerativeJudge(rows, rows, rows, kind="table")
    for samples in (rows, Rows(x, np.full(40, 5)), Rows(np.zeros((40, 5), dtype=np.float32), None)):
        judge.score(samples)
    constant = Rows(np.ones((30, 4), dtype=np.float32), np.arange(30) % 2)
    judge = GenerativeJudge(constant, constant, constant, kind="table")
    assert judge.score(constant)["kernel_distance"].value == pytest.approx(0)
    one_class = Rows(x, np.zeros(40, dtype=int))
    judge = GenerativeJudge(one_class, one_class, one_class, kind="table")
    assert judge.score(one_class)["class_balance"] is None


def test_labels_unknown_to_the_training_rows():
    train, other = table(50, 0), table(20, 1)
    test = Rows(other.x, other.y + 1, other.frame)
    GenerativeJudge(train, test, test, kind="table").score(Rows(other.x, other.y + 2))


def test_what_cannot_be_judged_is_refused_in_a_sentence(digits, judge):
    with pytest.raises(InputError, match="validation split has 1 row"):
        GenerativeJudge(digits.train, digits.validation.first(1), digits.test, kind="images")
    with pytest.raises(InputError, match="1 sample"):
        judge.score(digits.test.first(1))
    broken = digits.test.x.copy()
    broken[3, 2] = np.nan
    with pytest.raises(InputError, match="row 3"):
        judge.score(Rows(broken))
    with pytest.raises(InputError, match="63 values"):
        judge.score(Rows(digits.test.x[:, :63]))


def test_nearest_training_rows(judge, digits):
    rows, far = judge.nearest_training(digits.train.take(np.array([7, 3])), k=3)
    assert rows[:, 0].tolist() == [7, 3]
    assert far.shape == (2, 3)


def test_many_rows_are_thinned(monkeypatch):
    monkeypatch.setattr("further.evaluate.generation.judge.MOST_ROWS", 50)
    monkeypatch.setattr("further.evaluate.generation.judge.MOST_TWO_SAMPLE_ROWS", 30)
    train, validation, test = (table(120, seed) for seed in range(3))
    judge = GenerativeJudge(train, validation, test, kind="table", blocks=BLOCKS)
    assert judge.n_samples == judge.n_learning_samples == 50
    scores = judge.score(table(120, 3))
    assert scores["kernel_distance"].estimate.n == 50
    assert scores["two_sample_accuracy"].estimate.n == 60
