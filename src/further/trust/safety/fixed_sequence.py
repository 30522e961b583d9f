r"""A threshold whose error rate is promised, by tests in a fixed sequence.

Of the calibration rows let :math:`n_t` be accepted at the threshold t, since their predicted class
has at least that probability, and :math:`k_t` of these be wrong. That new rows accepted at t are
wrong more often than the target :math:`\varepsilon` is tested by

.. math:: p_t = P(\mathrm{Bin}(n_t, \varepsilon) \le k_t),

exactly. Thresholds are tested from the most cautious to the least,
:math:`t_1 > t_2 > \ldots`, and the first with :math:`p_t > \delta` ends the sequence; the last that
passed is taken. A threshold whose error is too high is taken only if the first such one passed its
test, which happens with a probability of at most :math:`\delta`, however many are tested
(Angelopoulos et al. 2021). To take the lowest threshold of all whose observed error is below the
target is to choose by luck, and promises nothing.

The sequence must not depend on the labels. Where it is not given, it stands at twenty ranks of the
calibration rows' probabilities, equally far apart, from as many rows on as certify the target with
one error among them (none, where there are too few for that). Nothing was looked at but the
probabilities. Let :math:`t^*` be where the error of new rows reaches the target. The rows above
:math:`t^*` are drawn independently with the error rate :math:`\varepsilon`, whatever their number;
if the rows just below are wrong at least as often, the first threshold below :math:`t^*` has at
least as many errors as :math:`\mathrm{Bin}(n_t, \varepsilon)`, so that its test has the level
:math:`\delta`. This asks of the probabilities that rows near the threshold are not ranked upside
down. Thresholds that were chosen before the calibration rows were seen ask for nothing.

References
----------
Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test: calibrating predictive
algorithms to achieve risk control". Geifman and El-Yaniv 2017, "Selective classification for deep
neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
#: Thresholds of a sequence that is not given.
STEPS = 20


@dataclass(frozen=True)
class Step:
    """A threshold that was tested.

    Attributes
    ----------
    threshold : float
        Least probability of the predicted class.
    accepted : int
        Calibration rows at or above it.
    errors : int
        How many of them are wrong.
    p_value : float
        Of so few errors, if the error rate were above the target.
    passed : bool
        Whether the target is certified.
    """

    threshold: float
    accepted: int
    errors: int
    p_value: float
    passed: bool


@dataclass(frozen=True)
class CertifiedThreshold:
    """What was certified for some rows.

    Attributes
    ----------
    of : hashable
        The rows that it is about: all, those of a predicted class, those of a group.
    n : int
        Calibration rows among them.
    steps : tuple of Step
        In the order in which they were tested; the last one failed, or was the least cautious.
    least : int
        Rows that would certify the target if none of them were wrong.
    """

    of: Hashable
    n: int
    steps: tuple[Step, ...]
    least: int

    @property
    def taken(self) -> Step | None:
        """The least cautious threshold that passed; None if none did."""
        passed = [step for step in self.steps if step.passed]
        return passed[-1] if passed else None

    @property
    def threshold(self) -> float:
        """Least probability of the predicted class that is accepted; infinite if none is."""
        return self.taken.threshold if self.taken else math.inf

    @property
    def note(self) -> str:
        """Say in a sentence why nothing is accepted; empty where something is."""
        if self.taken:
            return ""
        if not self.steps:
            return (
                f"Of {self.of} there are {self.n} to calibrate with, and the target error takes at "
                f"least {self.least}, so that nothing of them is accepted; give more rows."
            )
        first = self.steps[0]
        return (
            f"Of {self.of}, {first.errors} of the {first.accepted} surest are wrong, too many to "
            "certify the target error, so that nothing of them is accepted; allow more error, or "
            "take a better model."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each threshold that was tested."""
        steps = pd.DataFrame(
            [vars(step) for step in self.steps], columns=list(Step.__annotations__)
        )
        steps.insert(0, "of", str(self.of))
        return steps


def least_rows(max_error: float, confidence: float, errors: int = 0) -> int:
    """Return how many accepted rows certify an error rate, with so many errors among them.

    Parameters
    ----------
    max_error : float
        The target, in (0, 1).
    confidence : float
        With which it is promised, in (0, 1).
    errors : int, default=0
        Errors among the rows.

    Returns
    -------
    int
        The least number.

    Examples
    --------
    >>> least_rows(0.05, 0.95), least_rows(0.05, 0.95, errors=1)
    (59, 93)
    """
    few, many = errors, errors + 1
    while binom.cdf(errors, many, max_error) > 1 - confidence:
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        passes = binom.cdf(errors, middle, max_error) <= 1 - confidence
        few, many = (few, middle) if passes else (middle, many)
    return many


def certify(
    probabilities: Floats,
    wrong: NDArray[np.bool_],
    max_error: float,
    confidence: float,
    *,
    thresholds: Floats | None = None,
    of: Hashable = "all rows",
) -> CertifiedThreshold:
    """Return the least cautious threshold that tests in a fixed sequence certify.

    When to use: for rows that the model was not fitted to, alike in distribution to those to come.
    When it fails: with few rows nothing is certified; where the surest rows are wrong, too, since
    the first test ends the sequence.

    Parameters
    ----------
    probabilities : array of shape (n,)
        Of the predicted class.
    wrong : array of shape (n,), bool
        Whether the prediction is.
    max_error, confidence : float
        See :func:`least_rows`.
    thresholds : array of shape (m,), optional
        To be tested, the largest first; they must not have been chosen by these rows. One that so
        few rows reach that it cannot pass ends the sequence.
    of : hashable
        What to call the rows.

    Returns
    -------
    CertifiedThreshold
        With every test.

    Examples
    --------
    >>> p = np.linspace(1, 0.5, 200)
    >>> found = certify(p, p < 0.7, 0.05, 0.95)
    >>> round(found.threshold, 2), found.taken.accepted, found.taken.errors
    (0.7, 121, 1)
    """
    least = least_rows(max_error, confidence)
    if thresholds is None:
        thresholds = _at_ranks(probabilities, least, least_rows(max_error, confidence, errors=1))
    steps: list[Step] = []
    for threshold in np.unique(thresholds)[::-1]:
        inside = probabilities >= threshold
        accepted, errors = int(inside.sum()), int(wrong[inside].sum())
        p = float(binom.cdf(errors, accepted, max_error))
        steps.append(Step(float(threshold), accepted, errors, p, p <= 1 - confidence))
        if not steps[-1].passed:
            break
    return CertifiedThreshold(of, len(probabilities), tuple(steps), least)


def _at_ranks(probabilities: Floats, without_error: int, with_one: int) -> Floats:
    n = len(probabilities)
    if n < without_error:
        return np.empty(0)
    start = with_one if n >= with_one else without_error
    ranks = np.unique(np.linspace(start, n, STEPS).round().astype(int))
    descending: Floats = np.sort(probabilities)[::-1]
    return descending[ranks - 1]
