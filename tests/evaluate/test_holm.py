"""Holm's adjusted p-values: by hand, with ties, and none at all."""

from __future__ import annotations

import numpy as np

from further.evaluate.holm import holm


def test_holm_by_hand() -> None:
    assert holm(np.array([0.2, 0.01, 0.02, 0.9])).tolist() == [0.4, 0.04, 0.06, 0.9]


def test_adjusted_values_are_at_most_one_and_ties_stay_ties() -> None:
    assert holm(np.array([0.5, 0.5, 0.75])).tolist() == [1.0, 1.0, 1.0]
    assert holm(np.array([0.125, 0.125])).tolist() == [0.25, 0.25]


def test_of_no_tests_there_are_none() -> None:
    assert holm(np.array([])).tolist() == []
