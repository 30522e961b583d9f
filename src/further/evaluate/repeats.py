r"""A figure over several trainings or measurements, and differences of such figures.

What is trained again with another seed, or measured again by a clock, varies for a reason that the
resampling of test rows does not see. With R trainings of a model, whose figures have the variance
:math:`s^2`, the mean of the figures has two independent errors: that of the test rows, which are
the same in every training and do not average out, and that of the trainings,

.. math:: S = s^2 / R.

The limits of a difference of two means combine the two by their half-widths (the *method of
variance estimates recovery*, Zou and Donner 2008):

.. math:: h^2 = h_{\text{rows}}^2 + t_{0.975, \nu}^2 (S_a + S_b), \qquad
   \nu = \frac{(S_a + S_b)^2}{S_a^2 / (R_a - 1) + S_b^2 / (R_b - 1)},

where :math:`h_{\text{rows}}` comes from the paired draws, averaged over the trainings, and
:math:`\nu` are Welch's degrees of freedom. A quantile of Student's t stands at the few trainings
only: the rows are many. Samples are drawn anew in each training, so their variation is in both
terms; the interval is somewhat too wide for it, never too narrow.

References
----------
Zou, Donner (2008), Construction of confidence limits about effect measures: a general approach,
Statistics in Medicine 27. Welch (1947), The generalization of "Student's" problem when several
different population variances are involved, Biometrika 34.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from further.evaluate.estimate import Estimate, Score
from further.evaluate.interval import LEAST_SPREAD, TOO_FEW, paired_difference
from further.evaluate.resampling import LEVEL, NORMAL_QUANTILE


def measured_score(values: Sequence[float], n: int, method: str) -> Score:
    """Turn a quantity that was measured several times into a score.

    Parameters
    ----------
    values : sequence of float
        The measurements, independent of one another.
    n : int
        Number of examples behind each.
    method : str
        How it was measured, in words.

    Returns
    -------
    Score
        The mean, with limits of Student's t where there are at least two measurements.

    Examples
    --------
    >>> score = measured_score([1.0, 2.0, 3.0], 100, "by a clock")
    >>> score.value, round(score.estimate.low, 2)
    (2.0, -0.48)
    """
    repeats = np.asarray(values, dtype=np.float64)
    estimate = Estimate(float(repeats.mean()), None, None, n, method)
    if len(repeats) < 2:
        return Score(estimate)
    half = _half_width(repeats)
    estimate = replace(estimate, low=estimate.value - half, high=estimate.value + half)
    return Score(estimate, repeats=repeats)


def mean_over_trainings(scores: Sequence[Score]) -> Score:
    """Return the mean of one metric over trainings of one model.

    Parameters
    ----------
    scores : sequence of Score
        One a training, all from one evaluator.

    Returns
    -------
    Score
        Its draws are averaged draw by draw and its limits include the variation between trainings;
        of one training, the score itself.
    """
    if len(scores) == 1:
        return scores[0]
    first, repeats = scores[0], np.array([score.value for score in scores])
    value, half = float(repeats.mean()), _half_width(repeats)
    estimates = [score.estimate for score in scores]
    # The rows' part: each training's limits speak of the same rows, so they do not average out.
    below = [e.value - e.low for e in estimates if e.low is not None]
    above = [e.high - e.value for e in estimates if e.high is not None]
    draws = _averaged([score.draws for score in scores])
    # Without spread the limits do not come from the draws: a share of 0 in every training.
    if draws is not None and draws.std() > LEAST_SPREAD:
        below = above = [NORMAL_QUANTILE * float(draws.std(ddof=1))]
    if all(score.repeats is not None for score in scores):
        below = above = []  # nothing here rests on rows
    return replace(
        first,
        estimate=Estimate(
            value,
            value - math.hypot(half, *below[:1]),
            value + math.hypot(half, *above[:1]),
            first.estimate.n,
            f"{first.estimate.method}; mean of {len(scores)} trainings, their spread included",
        ),
        draws=draws,
        per_example=_averaged([score.per_example for score in scores]),
        repeats=repeats,
    )


def difference(a: Score, b: Score) -> Estimate:
    """Return the difference a - b of two models' scores, with all the variation that is known.

    Use it to say whether two models are tied. It fails to see the variation between trainings
    where there was one training only.

    Parameters
    ----------
    a, b : Score
        The same metric of two models, from one evaluator, each the mean over trainings or of
        measurements.

    Returns
    -------
    Estimate
        Without limits where one of the two has none, or was repeated and the other was not.
    """
    rows = paired_difference(a, b)
    if a.repeats is None and b.repeats is None:
        return rows
    unknown = Estimate(rows.value, None, None, rows.n, TOO_FEW)
    if a.repeats is None or b.repeats is None:
        return unknown
    below = above = 0.0
    if a.draws is not None or b.draws is not None:
        if rows.low is None or rows.high is None:
            return unknown
        below, above = rows.value - rows.low, rows.high - rows.value
    scale, freedom = welch(a.repeats, b.repeats)
    seeds = scale * float(stats.t.ppf((1 + LEVEL) / 2, freedom))
    return Estimate(
        rows.value,
        rows.value - math.hypot(below, seeds),
        rows.value + math.hypot(above, seeds),
        rows.n,
        "spread of repetitions" if a.draws is None else f"{rows.method} and spread of trainings",
    )


def _half_width(values: np.ndarray[Any, Any]) -> float:
    quantile = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)
    return float(quantile * stats.sem(values))


def welch(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the standard error of a difference of two means, and its degrees of freedom.

    Parameters
    ----------
    a, b : ndarray
        The values of each mean, independent of one another.

    Returns
    -------
    tuple of float
        An error of 0, with one degree of freedom, where neither varies.
    """
    terms = [float(values.var(ddof=1)) / len(values) for values in (a, b)]
    total = sum(terms)
    if total == 0.0:
        return 0.0, 1.0
    freedom = total**2 / sum(
        term**2 / (len(values) - 1) for term, values in zip(terms, (a, b), strict=True)
    )
    return math.sqrt(total), freedom


def _averaged(arrays: Sequence[Any]) -> Any:
    if any(array is None or array.shape != arrays[0].shape for array in arrays):
        return None
    return np.mean(arrays, axis=0)
