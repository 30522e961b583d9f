from __future__ import annotations

import numpy as np
import pytest

from further.evaluate.generation.class_balance import class_balance


def test_by_hand():
    prior = np.array([0.5, 0.3, 0.2])
    recognised = np.array([0] * 5 + [1] * 5)
    # TV = (0 + 0.2 + 0.2) / 2
    score = class_balance(recognised, prior, requested=np.array([0] * 6 + [2] * 4))
    assert score.value == pytest.approx(0.8)
    assert score.detail["label_agreement"] == pytest.approx((5 / 6 + 0) / 2)
    assert score.detail["label_agreement_by_class"] == [pytest.approx(5 / 6), None, 0.0]


def test_perfect_and_single_class():
    prior = np.full(4, 0.25)
    assert class_balance(np.arange(40) % 4, prior).value == pytest.approx(1.0)
    assert class_balance(np.zeros(40, dtype=int), prior).value == pytest.approx(0.25)


def test_expected_is_the_smaller_of_prior_and_what_the_judge_sees_in_real_rows():
    score = class_balance(
        np.array([0, 1]), np.array([0.9, 0.1]), recognised_in_real=np.array([1.0, 0.0])
    )
    assert score.detail["expected"] == [0.9, 0.0]
