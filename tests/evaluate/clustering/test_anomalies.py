"""Measures of anomaly scores against scikit-learn's, and which label can mark anomalies."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from further.errors import InputError
from further.evaluate.clustering.anomalies import MEASURES, anomaly_report, rare_class
from further.evaluate.wilson import WILSON


@pytest.mark.parametrize("ties", [False, True])
def test_measures_equal_scikit_learn(ties):
    rng = np.random.default_rng(0)
    marked = rng.random(400) < 0.2
    scores = rng.normal(size=400) - marked
    if ties:
        scores = np.round(scores)
    report = anomaly_report(scores, marked, k=50)
    assert report.average_precision.value == pytest.approx(average_precision_score(marked, -scores))
    assert report.roc_auc.value == pytest.approx(roc_auc_score(marked, -scores))
    # Precision at k by drawing the order of equal scores often.
    found = [
        marked[np.lexsort([rng.random(400), scores])[:50]].mean() for _ in range(1 + 2000 * ties)
    ]
    assert report.precision_at_k.value == pytest.approx(np.mean(found), abs=0.01 if ties else 1e-12)
    assert report.base_rate == marked.mean()
    assert report.n_positive == marked.sum()


def test_by_hand():
    report = anomaly_report([1.0, 2.0, 3.0, 4.0], ["bad", "good", "bad", "good"], positive="bad")
    assert report.k == 2
    assert report.precision_at_k.value == 0.5
    assert report.average_precision.value == pytest.approx((1 + 2 / 3) / 2)
    assert report.roc_auc.value == 0.75


def test_bootstrap_is_that_of_rows_drawn_anew():
    """Counting rows gives the measures of a table in which they are repeated."""
    rng = np.random.default_rng(1)
    marked = rng.random(150) < 0.3
    scores = np.round(rng.normal(size=150) - marked, 1)
    report = anomaly_report(scores, marked, draws=400)
    strata = [np.flatnonzero(marked), np.flatnonzero(~marked)]
    drawn = []
    for _ in range(400):
        rows = np.concatenate([rng.choice(s, len(s)) for s in strata])
        drawn.append(average_precision_score(marked[rows], -scores[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert report.average_precision.low == pytest.approx(low, abs=0.03)
    assert report.average_precision.high == pytest.approx(high, abs=0.03)


def test_perfect_precision_has_an_interval():
    report = anomaly_report(np.arange(100.0), np.arange(100) < 10)
    assert report.precision_at_k.value == report.roc_auc.value == 1.0
    assert report.precision_at_k.method == WILSON
    assert report.precision_at_k.low < 0.75


def test_random_scores_hold_the_base_rate():
    rng = np.random.default_rng(0)
    report = anomaly_report(rng.normal(size=4000), rng.random(4000) < 0.1)
    for measure in MEASURES:
        line = report.to_frame().loc[measure]
        assert line.low <= line.random <= line.high
    assert json.loads(json.dumps(report.to_dict()))["base_rate"] == report.base_rate


def test_the_rarer_label_marks():
    assert anomaly_report(np.arange(5.0), [2, 1, 1, 1, 2]).positive == 2
    assert anomaly_report(np.arange(4.0), [0, 1, 1, 0]).positive == 1


@pytest.mark.parametrize(
    ("scores", "labels", "options", "message"),
    [
        ([1.0, 2.0], [0, 1, 1], {}, "2 scores but 3 labels"),
        ([1.0, 2.0, 3.0], [0, 1, 2], {}, "labels have 3 values"),
        ([1.0, 2.0], [0, 0], {}, "labels have 1 values"),
        ([1.0, np.nan], [0, 1], {}, "score of row 1"),
        ([1.0, 2.0], [0, 1], {"k": 3}, "choose 1 to 2"),
        ([1.0, 2.0], [0, 1], {"positive": "yes"}, "'yes' is not among the labels"),
    ],
)
def test_what_cannot_be_measured_is_said(scores, labels, options, message):
    with pytest.raises(InputError, match=message):
        anomaly_report(scores, labels, **options)


@pytest.mark.parametrize(
    ("counts", "rare"),
    [
        ({"sound": 91, "broken": 9}, "broken"),
        ({"sound": 90, "broken": 10}, None),
        ({"male": 60, "female": 40}, None),
        ({"a": 90, "b": 5, "c": 5}, None),
        ({"a": 50}, None),
    ],
)
def test_only_a_rare_class_of_two_marks_anomalies(counts, rare):
    labels = pd.Series([name for name, count in counts.items() for _ in range(count)])
    assert rare_class(labels) == rare
