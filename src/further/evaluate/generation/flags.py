"""Flags: what a reader must know about a model before any figure of it.

Each has one threshold, kept here and written into the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from further.evaluate.generation.membership import FALSE_POSITIVES, MEMBERSHIP, WHITE_BOX
from further.evaluate.interval import Score
from further.evaluate.record import Figure
from further.evaluate.repeats import difference

# Smooth honest models reach a share of 0.1, a generator that copies half of the time 0.5: see
# tests/evaluate/test_memorization.py.
MEMORIZES_EXCESS = 0.2
COLLAPSED_SHARE_OF_REAL = 0.5
MISSED_SHARE_OF_EXPECTED = 0.2
LEAKS_FROM = 0.2
# Samples that give away more than half of the training rows are no better than copies.
COPIES_FROM = 0.5
# Below five expected samples of a class its absence may be chance.
LEAST_EXPECTED = 5

# Beside the control stand: a metric, its name, the direction in which it is worse, digits.
WORSE_BY = (("kernel_distance", "kernel distance", 1, 4), ("coverage", "coverage", -1, 3))

THRESHOLDS: dict[str, Any] = {
    "memorizes": (
        "share of samples nearer than the memorization threshold, lower limit, exceeds that of "
        f"test rows by {MEMORIZES_EXCESS} of what is left to 1; where distances are tied, as in "
        "tables of categories, that of rows drawn from the whole data"
    ),
    "leaks_membership": (
        f"share of members found by membership inference, from samples or from weights, at least "
        f"{LEAKS_FROM}, its lower limit above the {FALSE_POSITIVES} of guessing and that of the "
        f"area under the ROC curve above 0.5; from samples at least {COPIES_FROM}: the model is "
        "not recommended for anything"
    ),
    "collapsed": (
        f"coverage, upper limit, below {COLLAPSED_SHARE_OF_REAL} of that of real rows while "
        f"precision, or else the sameness of samples, shows that they are alike: precision at "
        f"least {COLLAPSED_SHARE_OF_REAL} of that of real rows, or mean distance between samples "
        f"below {COLLAPSED_SHARE_OF_REAL} of that between test rows, in raw values"
    ),
    "worse_than_control": (
        "95 % interval of the paired difference to the simple control lies above 0 in kernel "
        "distance, or below 0 in coverage"
    ),
    "misses_classes": (
        f"a class recognised in fewer than {MISSED_SHARE_OF_EXPECTED} of the expected samples, "
        f"where at least {LEAST_EXPECTED} are expected"
    ),
}


def flags(
    scores: Mapping[str, Score | None],
    real: Mapping[str, float | None],
    control: Mapping[str, Score | None] | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flags of a model and a sentence for each.

    Parameters
    ----------
    scores : mapping of str to Score
        From :meth:`further.evaluate.generation.evaluator.GenerativeEvaluator.score`.
    real : mapping of str to float
        What real held-out rows score.
    control : mapping of str to Score, optional
        Scores of the simple control from the same evaluator; leave it out for controls.

    Returns
    -------
    names : tuple of str
        Of "memorizes", "leaks_membership", "collapsed", "worse_than_control", "misses_classes".
    sentences : tuple of str
        Why, in the same order.

    Examples
    --------
    >>> from further.evaluate.interval import Estimate
    >>> copier = {"memorization": Score(Estimate(1.0, 0.99, 1.0, 360, "Wilson score interval"))}
    >>> names, sentences = flags(copier, {"memorization": 0.01})
    >>> names
    ('memorizes',)
    """
    found = {
        "memorizes": _memorizes(scores, real),
        "leaks_membership": _leaks_membership(scores),
        "collapsed": _collapsed(scores, real),
        "worse_than_control": None if control is None else _worse_than(scores, control),
        "misses_classes": _misses_classes(scores),
    }
    raised = {name: sentence for name, sentence in found.items() if sentence is not None}
    return tuple(raised), tuple(raised.values())


def leaks(score: Score | Figure) -> bool:
    """Whether membership inference shows that training rows are given away.

    By both of its figures: of 60 rows the one alone accuses an honest generator in 7 of 100 cases.
    """
    low = score.low if isinstance(score, Figure) else score.estimate.low
    area = score.detail.get("auc", {}).get("low")
    found = (score.value or 0.0) >= LEAKS_FROM and (low or 0.0) > FALSE_POSITIVES
    return found and (area is None or area > 0.5)


def gives_rows_away(metrics: Mapping[str, Figure]) -> bool:
    """Whether an attacker finds most training rows from the samples of a model alone."""
    figure = metrics.get(MEMBERSHIP)
    return figure is not None and leaks(figure) and (figure.value or 0.0) >= COPIES_FROM


def _memorizes(scores: Mapping[str, Score | None], real: Mapping[str, float | None]) -> str | None:
    score, baseline = scores.get("memorization"), real.get("memorization")
    if score is None or baseline is None:
        return None
    # In a small world of distinct rows an honest model meets training rows as often as they occur.
    floor = max(baseline, score.detail.get("floor", 0.0))
    low = score.value if score.estimate.low is None else score.estimate.low
    if low <= floor + MEMORIZES_EXCESS * (1.0 - floor):
        return None
    return (
        f"It memorizes: {score.value:.0%} of its samples are closer to a training example than new "
        f"data normally are, against {baseline:.0%} of the test rows."
    )


def _leaks_membership(scores: Mapping[str, Score | None]) -> str | None:
    found = [
        f"{score.value:.0%} of the training rows from {source}"
        for name, source in (
            (MEMBERSHIP, "its samples alone"),
            (WHITE_BOX, "its weights, which are in its run"),
        )
        if (score := scores.get(name)) is not None and leaks(score)
    ]
    if not found:
        return None
    return (
        f"It gives away who was in the training set: an attacker finds {' and '.join(found)}; "
        f"guessing, he would find {FALSE_POSITIVES:.0%}."
    )


def _collapsed(scores: Mapping[str, Score | None], real: Mapping[str, float | None]) -> str | None:
    coverage, precision = scores.get("coverage"), scores.get("precision")
    best_coverage, best_precision = real.get("coverage"), real.get("precision")
    if coverage is None or precision is None or best_coverage is None or best_precision is None:
        return None
    high = coverage.value if coverage.estimate.high is None else coverage.estimate.high
    if high >= COLLAPSED_SHARE_OF_REAL * best_coverage:
        return None
    spread = coverage.detail.get("spread", 1.0)
    typical = precision.value >= COLLAPSED_SHARE_OF_REAL * best_precision
    if not typical and spread >= COLLAPSED_SHARE_OF_REAL:
        return None
    return (
        f"It has collapsed: its samples are near only {coverage.value:.0%} of the test rows, "
        f"against {best_coverage:.0%} for real rows, and resemble each other."
    )


def _worse_than(
    scores: Mapping[str, Score | None], control: Mapping[str, Score | None]
) -> str | None:
    found = []
    for name, told, sign, digits in WORSE_BY:
        own, simple = scores.get(name), control.get(name)
        if own is None or simple is None:
            continue
        apart = difference(own, simple)
        nearest = apart.low if sign > 0 else apart.high
        if nearest is not None and sign * nearest > 0.0:
            found.append(f"{told} {own.value:.{digits}f} against {simple.value:.{digits}f}")
    return f"It does worse than the simple control: {', '.join(found)}." if found else None


def _misses_classes(scores: Mapping[str, Score | None]) -> str | None:
    balance = scores.get("class_balance")
    if balance is None or "recognised" not in balance.detail:
        return None
    n = balance.estimate.n
    made = n * np.asarray(balance.detail["recognised"])
    expected = n * np.asarray(balance.detail["expected"])
    missed = np.flatnonzero(
        (expected >= LEAST_EXPECTED) & (made < MISSED_SHARE_OF_EXPECTED * expected)
    )
    if not len(missed):
        return None
    names = balance.detail.get("class_names") or [str(c) for c in range(len(made))]
    listed = ", ".join(f"{names[c]} ({made[c]:.0f} of {expected[c]:.0f})" for c in missed)
    return f"It misses classes; recognised among its samples, of those expected: {listed}."
