"""The neuron of 1943: what it computes, what it cannot, and that both are shown."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import further
from further.errors import InputError
from further.supervised.neuron import McCullochPittsNeuron, truth_table
from further.supervised.separation import exact_mixtures, separate

ROWS = np.array(list(itertools.product((0, 1), repeat=2)))


@pytest.mark.parametrize(
    ("neuron", "weights", "thresholds", "outputs"),
    [
        (McCullochPittsNeuron.AND(), [1, 1], (1.0, 2.0), [0, 0, 0, 1]),
        (McCullochPittsNeuron.OR(), [1, 1], (0.0, 1.0), [0, 1, 1, 1]),
        (McCullochPittsNeuron.OR(3), [1, 1, 1], (0.0, 1.0), [0, 1, 1, 1, 1, 1, 1, 1]),
    ],
)
def test_and_and_or_by_hand(neuron, weights, thresholds, outputs):
    assert neuron.weights_.tolist() == weights
    assert neuron.thresholds_ == thresholds
    rows = list(itertools.product((0, 1), repeat=len(weights)))
    assert neuron.predict(rows).tolist() == outputs


def test_not_by_hand():
    neuron = McCullochPittsNeuron.NOT()
    assert (neuron.weights_.tolist(), neuron.threshold_) == ([-1], 0)
    assert neuron.thresholds_ == (-1.0, 0.0)
    assert neuron.predict([[0], [1]]).tolist() == [1, 0]


def test_of_all_functions_of_two_inputs_fourteen_are_found():
    # 14 of 16 are linearly separable; the two others are XOR and its complement.
    failed = []
    for outputs in itertools.product((0, 1), repeat=4):
        try:
            neuron = McCullochPittsNeuron().fit(ROWS, outputs)
        except InputError:
            failed.append(outputs)
        else:
            assert tuple(neuron.predict(ROWS)) == outputs
    assert failed == [(0, 1, 1, 0), (1, 0, 0, 1)]


def test_of_all_functions_of_three_inputs_104_are_found():
    # OEIS A000609: 2, 4, 14, 104, 1882 linear threshold functions of 0 to 4 inputs.
    rows = np.array(list(itertools.product((0, 1), repeat=3)))
    tables = [np.array(outputs, dtype=bool) for outputs in itertools.product((0, 1), repeat=8)]
    mixed = [outputs for outputs in tables if 0 < outputs.sum() < 8]
    assert sum(separate(rows, outputs).exists for outputs in mixed) + 2 == 104


def test_all_thresholds_are_found_by_trying_many():
    X, y = truth_table(lambda a, b, c: a + b + c >= 2, 3)
    neuron = McCullochPittsNeuron().fit(X, y)
    low, high = neuron.thresholds_
    for tried in np.arange(-5, 5, 0.25):
        realises = np.array_equal(X @ neuron.weights_ >= tried, y == 1)
        assert realises == (low < tried <= high)


def test_weights_are_the_smallest_of_all():
    X, y = truth_table(lambda a, b, c: a and (b or c), 3)
    neuron = McCullochPittsNeuron().fit(X, y)
    smallest = min(
        sum(map(abs, weights))
        for weights in itertools.product(range(-4, 5), repeat=3)
        if (X[y == 1] @ weights).min() > (X[y == 0] @ weights).max()
    )
    assert np.abs(neuron.weights_).sum() == smallest == 4


def test_xor_is_shown_to_be_impossible():
    X, y = truth_table(lambda a, b: a != b, 2)
    with pytest.raises(InputError, match="second layer") as refused:
        McCullochPittsNeuron().fit(X, y)
    assert "1/2 (0, 1) + 1/2 (1, 0) = 1/2 (0, 0) + 1/2 (1, 1)" in str(refused.value)


def holds(X, y, found):
    """Whether mixtures of rows of either side are exactly equal."""
    sides = []
    for shares, fires in zip(exact_mixtures(X, found), (1, 0), strict=True):
        assert sum(shares.values()) == 1
        assert all(share > 0 and y[i] == fires for i, share in shares.items())
        columns = range(X.shape[1])
        sides.append([sum(Fraction(int(X[i, j])) * s for i, s in shares.items()) for j in columns])
    return sides[0] == sides[1]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
def test_the_certificate_of_parity_holds_in_fractions(n):
    X, y = truth_table(lambda *inputs: sum(inputs) % 2, n)
    assert holds(X, y, separate(X, y))


@pytest.mark.parametrize("seed", range(40))
def test_a_table_is_realised_or_shown_to_be_impossible_and_a_linear_program_agrees(seed):
    rng = np.random.default_rng(seed)
    X, _ = truth_table(lambda *inputs: False, 3 + seed % 6)
    X = X[rng.random(len(X)) < 0.5] if seed % 3 else X
    y = (X @ rng.integers(-5, 6, X.shape[1]) + (seed % 2) * rng.normal(0, 2, len(X)) > 1).astype(
        int
    )
    if len(set(y)) < 2:
        y[0] = 1 - y[0]
    signed = np.column_stack([X, np.ones(len(X))]) * np.where(y == 1, 1, -1)[:, None]
    free = [(None, None)] * signed.shape[1]
    program = linprog(np.zeros(len(free)), -signed, -np.ones(len(X)), bounds=free)
    if program.status == 0:
        neuron = McCullochPittsNeuron().fit(X, y)
        assert neuron.predict(X).tolist() == y.tolist()
    else:
        with pytest.raises(InputError, match="where the rows on the left are to fire"):
            McCullochPittsNeuron().fit(X, y)
        assert holds(X, y, separate(X, y))


def test_two_layers_compute_xor():
    both = McCullochPittsNeuron().fit(*truth_table(lambda a, b: not (a and b), 2))
    hidden = np.column_stack([McCullochPittsNeuron.OR().predict(ROWS), both.predict(ROWS)])
    assert McCullochPittsNeuron.AND().predict(hidden).tolist() == [0, 1, 1, 0]


def test_rows_that_are_not_in_the_table_are_left_open():
    neuron = McCullochPittsNeuron().fit([[0, 0, 1], [1, 1, 0]], [0, 1])
    assert neuron.predict([[0, 0, 1], [1, 1, 0]]).tolist() == [0, 1]
    assert np.abs(neuron.weights_).sum() == 1


def test_a_constant_table_takes_any_threshold_on_one_side():
    assert McCullochPittsNeuron().fit(ROWS, [1] * 4).thresholds_ == (-np.inf, 0.0)
    always_silent = McCullochPittsNeuron().fit(ROWS, [0] * 4)
    assert always_silent.thresholds_ == (0.0, np.inf)
    assert always_silent.predict(ROWS).tolist() == [0] * 4


def test_given_weights_get_their_threshold_and_a_given_threshold_is_checked():
    y = [0, 0, 0, 1]
    assert McCullochPittsNeuron(weights=[2, 3]).fit(ROWS, y).thresholds_ == (3.0, 5.0)
    assert McCullochPittsNeuron(weights=[2, 3], threshold=4).fit(ROWS, y).threshold_ == 4
    with pytest.raises(InputError, match=r"threshold=3 .* give one above 3 and at most 5"):
        McCullochPittsNeuron(weights=[2, 3], threshold=3).fit(ROWS, y)
    with pytest.raises(InputError, match="above 0 and at most 0; leave"):
        McCullochPittsNeuron(weights=[0, 0]).fit(ROWS, y)


@pytest.mark.parametrize(
    ("X", "y", "parameters", "message"),
    [
        ([[0.0, 0.5]], [1], {}, "X has the value 0.5"),
        ([[0, 1], [1, 1]], [1, 2], {}, "y has the value 2"),
        ([[0, 1], [1, 1]], [1, 0], {"weights": [1]}, "one weight for each"),
        ([[0, 1], [1, 1]], [1, 0], {"weights": [1, 0.5]}, "whole numbers"),
    ],
)
def test_bad_input_is_one_sentence(X, y, parameters, message):
    with pytest.raises(InputError, match=message):
        McCullochPittsNeuron(**parameters).fit(X, y)


def test_a_truth_table_has_its_limits():
    with pytest.raises(InputError, match="n=13 must be from 1 to 12"):
        truth_table(lambda *inputs: True, 13)


def test_scikit_learns_contract(tmp_path):
    neuron = McCullochPittsNeuron(weights=[1, 1])
    assert clone(neuron).get_params() == {"weights": [1, 1], "threshold": None}
    with pytest.raises(NotFittedError):
        neuron.predict(ROWS)
    neuron.fit(ROWS, [0, 0, 0, 1])
    assert neuron.score(ROWS, [0, 0, 0, 1]) == 1.0
    loaded = further.load(neuron.save(tmp_path))
    assert loaded.predict(ROWS).tolist() == [0, 0, 0, 1]
    assert tuple(loaded.thresholds_) == neuron.thresholds_
