r"""The learning-rate range test: a short training in which the rate grows from step to step.

.. math:: \eta_t = \eta_0 \left(\frac{\eta_1}{\eta_0}\right)^{t / T},

and the loss is watched. Far below the right rate it hardly moves; where it falls fastest the rate
is a good one; where it rises again the rate is too high (Smith 2017, "Cyclical learning rates for
training neural networks"). One test is noisy, so that it is made with several seeds; what they
agree on is the geometric mean, with an interval.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import clone

from further.train.callbacks.callback import Callback

Floats = NDArray[np.float64]

LOWEST, HIGHEST = 1e-5, 10.0
STEPS = 150
#: Steps over which the loss is averaged, and by how much it has to rise to be said to rise.
SMOOTHING, RISES = 0.1, 0.1
#: The rate stays so many times below the one at which the loss is lowest: a smoothed loss lags.
BELOW = 4.0


@dataclass(frozen=True)
class RangeTest:
    """What a range test found.

    Attributes
    ----------
    rate : float
        Where the loss falls fastest, but at most a quarter of the rate at which it is lowest; the
        geometric mean over the seeds.
    low, high : float or None
        Its 95 % interval over the seeds; None with one seed.
    limit : float
        The lowest rate from which the loss rises, over the seeds; infinite where it never does.
    seeds : int
        Trainings.
    rates : tuple of float
        The rates of the steps.
    losses : tuple of tuple of float
        The smoothed loss at each, a training each; empty where it was infinite.
    """

    rate: float
    low: float | None
    high: float | None
    limit: float
    seeds: int
    rates: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]


class _Growing(Callback):
    """Raises the rate after every step and takes the loss; ends a training that has gone wild."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._sum = 0.0

    def on_start(self, loop: Any) -> None:
        """Begin at the lowest rate."""
        loop.rates = [LOWEST] * len(loop.rates)

    def on_step(self, loop: Any) -> None:
        """Take the loss of the step and raise the rate."""
        total = float(loop.sums["train_loss"]) if "train_loss" in loop.sums else math.nan
        if math.isnan(total):  # a row of the history has just taken the sums
            total, self._sum = float(loop.last_loss), 0.0
            self.losses.append(total)
        else:
            self.losses.append(total - self._sum)
            self._sum = total
        wild = not math.isfinite(self.losses[-1]) or self.losses[-1] > 10 * self.losses[0] + 10
        loop.stopped = loop.stopped or wild
        growth = (HIGHEST / LOWEST) ** (len(self.losses) / STEPS)
        loop.rates = [LOWEST * growth] * len(loop.rates)


def range_test(
    estimator: Any, X: Any, y: Any = None, *, seeds: Sequence[int] = (0, 1, 2)
) -> RangeTest:
    """Return the learning rate at which the loss of a network falls fastest, with an interval.

    When to use: before a training with another optimizer, batch size or architecture than the
    defaults were made for. When it fails: it looks at the first steps alone, and a rate that is
    best there may be too high for the last ones, so that a schedule has to bring it down.

    Parameters
    ----------
    estimator : NetworkEstimator
        With the settings that matter; it is not changed.
    X, y
        What its ``fit`` takes.
    seeds : sequence of int, default=(0, 1, 2)
        One training each.

    Returns
    -------
    RangeTest
        The rate, with what it rests on.

    Examples
    --------
    >>> from further import MLPClassifier
    >>> from further.data import load
    >>> found = range_test(MLPClassifier(hidden=(32,)), load("iris"))
    >>> bool(1e-4 < found.rate < 1)
    True
    """
    curves = [_curve(estimator, X, y, seed) for seed in seeds]
    best = np.log([_steepest(curve) for curve in curves])
    mean, half = float(best.mean()), None
    if len(best) > 1:
        half = float(stats.t.ppf(0.975, len(best) - 1) * stats.sem(best))
    limits = [_limit(curve) for curve in curves]
    return RangeTest(
        math.exp(mean),
        None if half is None else math.exp(mean - half),
        None if half is None else math.exp(mean + half),
        min(limits),
        len(curves),
        tuple(_rates(STEPS).tolist()),
        tuple(tuple(curve.tolist()) for curve in curves),
    )


def _rates(n: int) -> Floats:
    return np.asarray(LOWEST * (HIGHEST / LOWEST) ** (np.arange(n) / STEPS))


def _curve(estimator: Any, X: Any, y: Any, seed: int) -> Floats:
    """Return the smoothed loss at each rate."""
    growing = _Growing()
    given = estimator.training
    changes = dict(given) if isinstance(given, dict) else {}
    settings = {"schedule": "constant", "warmup": 0.0, "averaging": 0.0, "keep": "last"}
    tested = clone(estimator).set_params(
        training={**changes, **settings}, budget=f"{STEPS} steps", random_state=seed,
        precision="float32",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it diverges is what is looked for
        try:
            tested.fit(X, y, callbacks=[growing])
        except ValueError:
            if len(growing.losses) < 3:
                raise
    losses = np.array(growing.losses)
    losses = losses[np.isfinite(losses)]
    smoothed, mean = np.empty(len(losses)), 0.0
    for t, loss in enumerate(losses):
        mean += SMOOTHING * (loss - mean)
        smoothed[t] = mean / (1 - (1 - SMOOTHING) ** (t + 1))
    return smoothed


def _steepest(curve: Floats) -> float:
    """Return the rate at which the loss falls fastest, well below that of its lowest point."""
    rates, lowest = _rates(len(curve)), int(curve.argmin())
    slopes = np.diff(curve[: max(2, lowest + 1)])
    return float(min(rates[int(slopes.argmin())], rates[lowest] / BELOW))


def _limit(curve: Floats) -> float:
    """Return the first rate after the lowest loss at which it has risen again."""
    lowest = int(curve.argmin())
    span = float(curve[0] - curve[lowest]) or 1.0
    risen = np.flatnonzero(curve[lowest:] > curve[lowest] + RISES * span)
    return float(_rates(len(curve))[lowest + int(risen[0])]) if len(risen) else math.inf
