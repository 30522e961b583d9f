from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from further.data.spec import Block
from further.errors import InputError
from further.evaluate.distance import distances
from further.evaluate.generation.evaluator import EncodedRows, GenerativeEvaluator
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


def test_real_and_noise_are_the_two_ends(evaluator, samplers):
    scores = evaluator.score(samplers["mixture"](360, 0))
    for name in LOWER_IS_BETTER:
        assert evaluator.real[name] < scores[name].value < evaluator.noise[name], name
    for name in ("precision", "coverage", "synthetic_to_real_accuracy", "class_balance"):
        assert evaluator.real[name] + 0.03 > scores[name].value > evaluator.noise[name], name
    for name in HIGHER_IS_BETTER:
        assert evaluator.real[name] > evaluator.noise[name], name


def test_every_score_is_complete(evaluator, samplers):
    scores = evaluator.score(samplers["mixture"](360, 0))
    assert set(scores) == set(evaluator.real) == set(evaluator.noise)
    for name, score in scores.items():
        estimate = score.estimate
        assert estimate.low < estimate.high, name
        assert estimate.method
        assert score.draws is not None
        json.dumps([estimate.to_dict(), score.detail])
    json.dumps([evaluator.protocol, evaluator.real, evaluator.noise])


def test_same_seed_same_scores(digits, samplers):
    def values():
        parts = (
            part.take(np.arange(n))
            for part, n in zip(
                (digits.train, digits.validation, digits.test), (300, 90, 90), strict=True
            )
        )
        evaluator = GenerativeEvaluator(*parts, kind="images", integer_grid=17, seed=3)
        scores = evaluator.score(samplers["mixture"](90, 0))
        return evaluator.real, evaluator.noise, [s.estimate for s in scores.values()]

    assert values() == values()


def test_differences_are_paired(evaluator, samplers):
    one = evaluator.score(samplers["mixture"](360, 0))
    two = evaluator.score(samplers["fine mixture"](360, 0))
    for name in one:
        difference = paired_difference(one[name], two[name])
        assert difference.value == one[name].value - two[name].value, name
        spread = (one[name].draws - two[name].draws).std(ddof=1)
        assert difference.high - difference.low == pytest.approx(2 * 1.96 * spread, rel=0.12), name
    first, second = one["kernel_distance"], two["kernel_distance"]
    difference = paired_difference(first, second)
    separate = np.hypot(first.draws.std(), second.draws.std())
    assert (first.draws - second.draws).std() < separate
    assert difference.value == pytest.approx(first.value - second.value)


def test_more_samples_are_used_for_learning_only(evaluator, samplers):
    scores = evaluator.score(samplers["mixture"](evaluator.n_learning_samples, 0))
    assert scores["kernel_distance"].estimate.n == evaluator.n_samples == 360
    assert scores["synthetic_to_real_accuracy"].detail["rows_learnt_from"] == 1078


def test_what_every_model_shares_is_computed_once(digits, samplers, monkeypatch):
    """Judging a further model repeats nothing that depends on the real rows alone."""
    pairs = []

    def counted(a, b=None):
        pairs.append((len(a), len(a if b is None else b)))
        return distances(a, b)

    for module in ("evaluator", "support_vectors", "kernel_distance"):
        monkeypatch.setattr(f"further.evaluate.generation.{module}.distances", counted)
    evaluator = GenerativeEvaluator(
        digits.train, digits.validation, digits.test, kind="images", integer_grid=17
    )
    pairs.clear()
    evaluator.score(samplers["mixture"](360, 0))
    # With 360 test rows and samples: features of both (2), the samples' spread (1), what a machine
    # learns from them and tests (2), the two-sample test on both, and training rows beside samples
    # (to recognise classes and to augment). Nothing among real rows alone.
    assert sorted(pairs) == [(360, 360)] * 5 + [(360, 1078), (720, 720), (1078, 360)]


def test_without_labels(digits, samplers):
    train, validation, test = (
        EncodedRows(part.x.reshape(-1, 1, 8, 8))
        for part in (digits.train, digits.validation, digits.test)
    )
    evaluator = GenerativeEvaluator(train, validation, test, kind="images", integer_grid=17)
    assert "principal components" in evaluator.protocol["features"]
    scores = evaluator.score(EncodedRows(samplers["mixture"](360, 0).x.reshape(-1, 1, 8, 8)))
    undefined = {name for name, score in scores.items() if score is None}
    assert undefined == {"synthetic_to_real_accuracy", "augmentation_gain", "class_balance"}
    assert all(evaluator.real[name] is None for name in undefined)


def test_unlabelled_samples_of_labelled_data(evaluator, samplers):
    scores = evaluator.score(EncodedRows(samplers["mixture"](360, 0).x))
    assert scores["synthetic_to_real_accuracy"] is None
    assert scores["class_balance"].value > 0.9


def table(n: int, seed: int) -> EncodedRows:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    age, city = rng.normal(40 + 10 * label, 8), rng.integers(0, 3, n)
    frame = pd.DataFrame({"age": age, "next": age + 1, "city": np.array(list("abc"))[city]})
    x = np.column_stack([(age - 45) / 10, (age - 44) / 10, np.eye(3)[city]])
    return EncodedRows(x.astype(np.float32), label, frame)


BLOCKS = (
    Block("age", 0, 1, "numeric"),
    Block("next", 1, 2, "numeric"),
    Block("city", 2, 5, "categorical"),
)


def test_tables():
    train, validation, test, good = (table(n, seed) for seed, n in enumerate((300, 100, 100, 100)))
    evaluator = GenerativeEvaluator(train, validation, test, kind="table", blocks=BLOCKS)
    scores = evaluator.score(good)
    for name in ("column_shapes", "pair_correlations"):
        assert evaluator.real[name] > evaluator.noise[name] + 0.05
        assert scores[name].estimate.low > evaluator.noise[name]
    assert scores["column_shapes"].value > 0.9
    assert scores["constraint_violations"].value < 0.1 < evaluator.noise["constraint_violations"]
    assert "age ≤ next" in evaluator.protocol["constraints"]["first"]
    assert evaluator.score(EncodedRows(good.x, good.y))["column_shapes"] is None


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10])
def test_tiny_splits(n):
    train, validation, test = table(max(n, 4), 0), table(n, 1), table(n, 2)
    evaluator = GenerativeEvaluator(train, validation, test, kind="table", blocks=BLOCKS)
    for samples in (table(n, 3), table(2, 3), table(3 * n, 3)):
        scores = evaluator.score(samples)
        assert np.isfinite([s.value for s in scores.values() if s is not None]).all()


def test_awkward_data():
    rng = np.random.default_rng(0)
    x = np.c_[np.ones((40, 3)), rng.normal(size=(40, 2))].astype(np.float32)
    labels = np.r_[np.zeros(38, dtype=int), 1, 5]  # a class of one row, and gaps in the codes
    rows = EncodedRows(x, labels)
    evaluator = GenerativeEvaluator(rows, rows, rows, kind="table")
    for samples in (
        rows,
        EncodedRows(x, np.full(40, 5)),
        EncodedRows(np.zeros((40, 5), dtype=np.float32), None),
    ):
        evaluator.score(samples)
    constant = EncodedRows(np.ones((30, 4), dtype=np.float32), np.arange(30) % 2)
    evaluator = GenerativeEvaluator(constant, constant, constant, kind="table")
    assert evaluator.score(constant)["kernel_distance"].value == pytest.approx(0)
    one_class = EncodedRows(x, np.zeros(40, dtype=int))
    evaluator = GenerativeEvaluator(one_class, one_class, one_class, kind="table")
    assert evaluator.score(one_class)["class_balance"] is None


def test_labels_unknown_to_the_training_rows():
    train, other = table(50, 0), table(20, 1)
    test = EncodedRows(other.x, other.y + 1, other.frame)
    evaluator = GenerativeEvaluator(train, test, test, kind="table")
    right, wrong = (evaluator.score(EncodedRows(other.x, other.y + more)) for more in (1, 2))
    assert right["synthetic_to_real_accuracy"].value == 1
    assert wrong["synthetic_to_real_accuracy"].value == 0
    assert wrong["kernel_distance"].value == right["kernel_distance"].value


def test_what_cannot_be_judged_is_refused_in_a_sentence(digits, evaluator):
    with pytest.raises(InputError, match="validation split has 1 row"):
        GenerativeEvaluator(
            digits.train, digits.validation.take(np.arange(1)), digits.test, kind="images"
        )
    with pytest.raises(InputError, match="1 sample"):
        evaluator.score(digits.test.take(np.arange(1)))
    broken = digits.test.x.copy()
    broken[3, 2] = np.nan
    with pytest.raises(InputError, match="row 3"):
        evaluator.score(EncodedRows(broken))
    with pytest.raises(InputError, match="63 values"):
        evaluator.score(EncodedRows(digits.test.x[:, :63]))


def test_nearest_training_rows(evaluator, digits):
    rows, far = evaluator.nearest_training(digits.train.take(np.array([7, 3])))
    assert rows.tolist() == [7, 3]
    assert far.tolist() == [0.0, 0.0]


def sorted_by_class(n: int, seed: int) -> EncodedRows:
    label = np.repeat(np.arange(5), n // 5)
    x = np.random.default_rng(seed).normal(3 * np.eye(5)[label], 1.0)
    return EncodedRows(x.astype(np.float32), label)


@pytest.mark.slow
@pytest.mark.parametrize(("test_rows", "samples"), [(300, 300), (300, 90)])
def test_rows_sorted_by_class_score_as_shuffled_ones(monkeypatch, test_rows, samples):
    monkeypatch.setattr("further.evaluate.generation.evaluator.MOST_TWO_SAMPLE_ROWS", 100)
    parts = [sorted_by_class(n, seed) for seed, n in enumerate((400, 200, test_rows))]
    # Samples of the very distribution that the rows are from.
    drawn = np.random.default_rng(0).permutation(1000)[:samples]
    perfect = sorted_by_class(1000, 3).take(drawn)
    rng = np.random.default_rng(1)
    shuffled = [part.take(rng.permutation(len(part))) for part in parts]
    scores = [
        GenerativeEvaluator(*given, kind="table").score(perfect) for given in (parts, shuffled)
    ]
    for name in [name for name, score in scores[0].items() if score is not None]:
        estimate = scores[0][name].estimate
        assert estimate.low <= scores[1][name].value <= estimate.high, name
    for found in scores:
        assert found["two_sample_accuracy"].value == pytest.approx(0.5, abs=0.09)


def test_groups_of_test_rows_widen_every_interval():
    train, validation, test, samples = (sorted_by_class(200, seed) for seed in range(4))
    rng = np.random.default_rng(0)
    # Twenty of the rows ten times each, so that the rows are worth twenty.
    copies = test.take(np.repeat(rng.permutation(200)[:20], 10))
    grouped = replace(copies, groups=np.repeat(np.arange(20), 10))
    alone, together = (
        GenerativeEvaluator(train, validation, part, kind="table").score(samples)
        for part in (copies, grouped)
    )
    for name in ("kernel_distance", "frechet_distance", "recall", "synthetic_to_real_accuracy"):
        one, other = alone[name].estimate, together[name].estimate
        assert one.value == other.value, name
        assert other.high - other.low > 1.5 * (one.high - one.low), name
        assert "20" in other.method, name
    # Copies in both the training and the test fold give a classifier away what is real.
    assert together["two_sample_accuracy"].value < alone["two_sample_accuracy"].value - 0.1


def test_many_rows_are_thinned(monkeypatch):
    monkeypatch.setattr("further.evaluate.generation.evaluator.MOST_ROWS", 50)
    monkeypatch.setattr("further.evaluate.generation.evaluator.MOST_TWO_SAMPLE_ROWS", 30)
    train, validation, test = (table(120, seed) for seed in range(3))
    evaluator = GenerativeEvaluator(train, validation, test, kind="table", blocks=BLOCKS)
    assert evaluator.n_samples == evaluator.n_learning_samples == 50
    scores = evaluator.score(table(120, 3))
    assert scores["kernel_distance"].estimate.n == 50
    assert scores["two_sample_accuracy"].estimate.n == 60
