r"""A figure with its interval, and the difference of two figures measured on the same rows.

Three ways to an interval, chosen by what the figure is:

* a mean of per-example scores, the judge fixed: percentiles of the bootstrap;
* a distance between two samples: random halves *without replacement*. With b = n/2,

  .. math:: \operatorname{Var}(D_b \mid \text{data}) \approx \sigma^2 (1/b - 1/n) = \sigma^2 / n,

  so the spread of the halves, times :math:`\sqrt{b / (n - b)}` (1 for even n), is that of
  :math:`D_n`. A bootstrap would draw rows twice, and a row that is its own neighbour biases every
  distance. Where the two distributions are equal the kernel distance is degenerate and the
  interval is too wide (:math:`\sqrt 3` times), never too narrow;
* a share that came out as 0 or 1, where resampling shows no spread: Wilson's interval.

All of them speak of the sampling of test rows and of samples, not of training another time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

LEVEL = 0.95
NORMAL_QUANTILE = 1.959963984540054
DRAWS = 200
BOOTSTRAP_DRAWS = 1000

HALVES = "halves without replacement, rescaled"
BOOTSTRAP = "bootstrap of per-example scores, judge fixed"
WILSON = "Wilson score interval"
TOO_FEW = "too few rows for an interval"


@dataclass(frozen=True)
class Estimate:
    """A figure, its 95 % interval, what it was measured on, and how the interval was made.

    Attributes
    ----------
    value : float
        The figure itself, on all rows.
    low, high : float or None
        Limits of the interval; None where there are too few rows for one.
    n : int
        Number of examples behind the figure.
    method : str
        How the interval was made, in words.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    method: str

    @property
    def contains_zero(self) -> bool:
        """Whether 0 lies within the interval; without an interval nothing is ruled out."""
        return self.low is None or self.high is None or self.low <= 0.0 <= self.high

    def to_dict(self) -> dict[str, float | int | str | None]:
        """Return the figure for JSON, where what is not finite is None."""

        def finite(number: float | None) -> float | None:
            return None if number is None or not math.isfinite(number) else float(number)

        return {
            "value": finite(self.value),
            "low": finite(self.low),
            "high": finite(self.high),
            "n": self.n,
            "method": self.method,
        }


@dataclass(frozen=True, eq=False)
class Score:
    """An estimate with what is needed to compare it with that of another model.

    Attributes
    ----------
    estimate : Estimate
        The figure.
    draws : ndarray of shape (draws,) or None
        The figure resampled; entry i of two models rests on the same test rows.
    per_example : ndarray of shape (n,) or None
        What the figure is the mean of, where it is a mean.
    basis : {"exact", "bound"} or None
        What a likelihood is.
    detail : dict
        Whatever else was found, ready for JSON.
    """

    estimate: Estimate
    draws: Floats | None = None
    per_example: Floats | None = None
    basis: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The figure itself."""
        return self.estimate.value


def half_samples(n: int, draws: int, seed: int) -> NDArray[np.bool_]:
    """Choose random halves of n rows.

    Parameters
    ----------
    n : int
        Number of rows.
    draws : int
        Number of halves.
    seed : int
        The same seed and n give the same halves.

    Returns
    -------
    ndarray of bool, shape (draws, n)
        In each row ``n // 2`` entries are true.

    Examples
    --------
    >>> half_samples(6, 2, seed=0).sum(axis=1)
    array([3, 3])
    """
    order = np.random.default_rng(seed).random((draws, n)).argsort(axis=1)
    chosen = np.zeros((draws, n), dtype=bool)
    np.put_along_axis(chosen, order[:, : n // 2], True, axis=1)
    return chosen


def score_from_halves(
    value: float,
    halves: Floats,
    n: int,
    *,
    limits: tuple[float, float] | None = None,
    detail: dict[str, Any] | None = None,
) -> Score:
    """Turn a figure and its values on random halves into a score with an interval.

    Parameters
    ----------
    value : float
        The figure on all n rows.
    halves : ndarray of shape (draws,)
        The same figure on random halves; empty when n is too small to halve.
    n : int
        Number of rows.
    limits : tuple of float, optional
        What the figure cannot leave, such as (0, 1) for a share.
    detail : dict, optional
        Passed on.

    Returns
    -------
    Score
        Its draws are centred on the value: a half has a bias of its own, its spread has not.
    """
    detail = detail or {}
    if n < 4 or len(halves) < 2:
        return Score(Estimate(float(value), None, None, n, TOO_FEW), detail=detail)
    scale = math.sqrt((n // 2) / (n - n // 2))
    draws = value + scale * (halves - halves.mean())
    return _score(value, draws, n, HALVES, limits, detail)


def score_from_examples(
    per_example: Floats,
    *,
    limits: tuple[float, float] | None = None,
    seed: int = 0,
    basis: str | None = None,
    detail: dict[str, Any] | None = None,
) -> Score:
    """Average per-example scores, with the bootstrap's interval; the judge stays as it is.

    Parameters
    ----------
    per_example : ndarray of shape (n,)
        One score an example.
    limits : tuple of float, optional
        (0, 1) for a share.
    seed : int
        The same seed and n resample the same rows, so two models are compared on the same ones.
    basis, detail : optional
        Passed on.

    Returns
    -------
    Score
        With its draws.

    Examples
    --------
    >>> score = score_from_examples(np.array([1.0, 0.0, 1.0, 1.0]), limits=(0.0, 1.0))
    >>> score.value
    0.75
    """
    examples = np.asarray(per_example, dtype=np.float64)
    n = len(examples)
    value = float(examples.mean()) if n else math.nan
    detail = detail or {}
    if n < 2 or not np.isfinite(examples).all():
        estimate = Estimate(value, None, None, n, TOO_FEW if n < 2 else "not finite")
        return Score(estimate, per_example=examples, basis=basis, detail=detail)
    rng = np.random.default_rng(seed)
    # One draw at a time: an index matrix of a large test set would be the largest array of all.
    draws = np.array([examples[rng.integers(0, n, n)].mean() for _ in range(BOOTSTRAP_DRAWS)])
    return _score(value, draws, n, BOOTSTRAP, limits, detail, examples, basis)


def _score(
    value: float,
    draws: Floats,
    n: int,
    method: str,
    limits: tuple[float, float] | None,
    detail: dict[str, Any],
    per_example: Floats | None = None,
    basis: str | None = None,
) -> Score:
    low, high = _interval(value, draws, method)
    if limits == (0.0, 1.0) and draws.std() < 1e-12 and 0.0 <= value <= 1.0:
        low, high, method = *wilson(value, n), WILSON
    if limits is not None:
        # A value beyond the limits (density goes past 1) would put them the wrong way round.
        low, high = min(max(low, limits[0]), value), max(min(high, limits[1]), value)
    estimate = Estimate(float(value), float(low), float(high), n, method)
    return Score(estimate, draws, per_example, basis, detail)


def _interval(value: float, draws: Floats, method: str) -> tuple[float, float]:
    if method == BOOTSTRAP:
        low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return min(float(low), value), max(float(high), value)
    # Of normal, basic and percentile limits, the normal ones came nearest to 95 % in simulation.
    half_width = NORMAL_QUANTILE * float(draws.std(ddof=1))
    return value - half_width, value + half_width


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share among n.

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    z = NORMAL_QUANTILE
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def paired_difference(a: Score, b: Score) -> Estimate:
    """Return the difference a - b of two models' scores on the same test rows, with its interval.

    Use it to say whether two models are tied: they are when the interval contains 0, which can be
    so although their own intervals do not overlap, and the other way round.
    It fails to see that another training seed may turn the order: compare repeats for that.

    Parameters
    ----------
    a, b : Score
        The same metric of two models, from one judge and as many samples.

    Returns
    -------
    Estimate
        Without limits when one of the two has none.

    Raises
    ------
    ValueError
        When the two were not measured on equally many rows.

    Examples
    --------
    >>> better = score_from_examples(np.array([1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]))
    >>> worse = score_from_examples(np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]))
    >>> difference = paired_difference(better, worse)
    >>> difference.value, difference.contains_zero
    (0.625, False)
    """
    difference = a.value - b.value
    if a.draws is None or b.draws is None:
        return Estimate(difference, None, None, min(a.estimate.n, b.estimate.n), TOO_FEW)
    if a.estimate.n != b.estimate.n or len(a.draws) != len(b.draws):
        raise ValueError(
            f"paired_difference: the scores rest on {a.estimate.n} and {b.estimate.n} rows; "
            "a paired difference needs the same rows, so take both from one judge."
        )
    draws = a.draws - b.draws
    method = a.estimate.method if a.estimate.method != WILSON else b.estimate.method
    method = BOOTSTRAP if method == WILSON else method
    low, high = _interval(difference, draws, method)
    return Estimate(float(difference), low, high, a.estimate.n, f"paired {method}")


def halves_of(
    statistic: Callable[[NDArray[np.intp], NDArray[np.intp]], Floats | float],
    real: NDArray[np.bool_],
    fake: NDArray[np.bool_],
) -> Floats:
    """Evaluate a statistic of two samples on pairs of halves.

    Parameters
    ----------
    statistic : callable
        Takes the row numbers of a half of the real rows and of a half of the samples.
    real, fake : ndarray of bool, shapes (draws, n_real) and (draws, n_fake)
        From :func:`half_samples`.

    Returns
    -------
    ndarray of shape (draws, ...)
        One value, or one row of values, a draw.
    """
    return np.array(
        [statistic(np.flatnonzero(a), np.flatnonzero(b)) for a, b in zip(real, fake, strict=True)]
    )
