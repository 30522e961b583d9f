r"""Shares of groups among rows that do not say which group they are of.

A classifier trained on real rows with known groups says h of rows of the group g with the
probability :math:`C_{gh}`, which is counted on other real rows. Of the rows in question it says h
of the share :math:`q_h`. If rows of a group look to it as real rows of that group do,

.. math:: q_h = \sum_g p_g C_{gh}, \qquad \text{so that} \qquad p = (C^\top)^{-1} q,

cut off at 0 and 1. Limits are quantiles over draws of all counts. Without the correction a
classifier that is right in 80 of 100 turns a true share of 5 % into 23 %.

References
----------
Forman 2008, "Quantifying counts and costs via classification", Data Mining and Knowledge Discovery
17 (adjusted count). Lipton, Wang and Smola 2018, "Detecting and correcting for label shift with
black box predictors", ICML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals, share_intervals

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

DRAWS = 2000
ITERATIONS = 1000
#: A classifier whose confusion is nearer to singular than this knows nothing of the groups.
LEAST_SEPARATION = 0.1


@dataclass(frozen=True, eq=False)
class Recogniser:
    """A classifier of the group, with what it says of real rows that it did not learn from."""

    classifier: Annotated[Pipeline, "Of features."]
    confusion: Annotated[Counts, "Rows by true group and by what is said, (groups, groups)."]

    @property
    def recalls(self) -> Intervals:
        """The share of each group that is recognised."""
        return share_intervals(np.diag(self.confusion), self.confusion.sum(axis=1))

    def counts(self, x: Floats) -> Counts:
        """Return of how many rows it says each group."""
        said = self.classifier.predict(x)
        return np.bincount(said, minlength=len(self.confusion))


def recogniser(x: Floats, codes: Counts, groups: int, seed: int = 0) -> Recogniser:
    """Train a classifier of the group on one half of the rows and count what it says of the other.

    Parameters
    ----------
    x : array of shape (n, d)
        Features of real rows.
    codes : array of int, shape (n,)
        Their groups.
    groups : int
        Number of groups.
    seed : int
        Of the halves.

    Returns
    -------
    Recogniser
        A logistic regression on standardised features.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    # Within each group half of its rows.
    order = order[np.argsort(codes[order], kind="stable")]
    learn, check = order[::2], order[1::2]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ITERATIONS))
    classifier.fit(x[learn], codes[learn])
    confusion = np.zeros((groups, groups), dtype=np.int64)
    np.add.at(confusion, (codes[check], classifier.predict(x[check])), 1)
    return Recogniser(classifier, confusion)


def corrected_shares(
    confusion: Counts, said: Counts, level: float = LEVEL, seed: int = 0
) -> Intervals | None:
    """Return the shares of groups from what a classifier says, its errors corrected.

    When to use: where the rows do not hold the group. When it fails: if rows of a group look
    otherwise than real rows of it, the correction is wrong and nothing here shows it.

    Parameters
    ----------
    confusion : array of int, shape (groups, groups)
        Real rows by true group and by what is said of them.
    said : array of int, shape (groups,)
        Of how many of the rows in question each group is said.
    level : float, default=0.95
        Of the intervals.
    seed : int
        Of the draws.

    Returns
    -------
    Intervals or None
        Shares; None where the classifier does not tell the groups apart.

    Examples
    --------
    >>> found = corrected_shares(np.array([[80, 20], [10, 90]]), np.array([330, 670]))
    >>> found.values.round(2).tolist(), found.low.round(2).tolist(), found.high.round(2).tolist()
    ([0.33, 0.67], [0.24, 0.59], [0.41, 0.76])
    """
    rows = confusion.sum(axis=1)
    if not rows.all() or not said.sum():
        return None
    rates = confusion / rows[:, None]
    if np.linalg.svd(rates, compute_uv=False)[-1] < LEAST_SEPARATION:
        return None
    rng = np.random.default_rng(seed)
    # Half a row more in every cell, so that a cell without rows varies too.
    smoothed = [(row + 0.5) / (row + 0.5).sum() for row in [*confusion, said]]
    *each, drawn = (
        rng.multinomial(int(n), p, size=DRAWS)
        for n, p in zip([*rows, said.sum()], smoothed, strict=True)
    )
    draws = np.stack(each, axis=1) / rows[:, None]
    separated = np.linalg.svd(draws, compute_uv=False)[:, -1] > LEAST_SEPARATION / 10
    solved = np.linalg.solve(
        draws[separated].transpose(0, 2, 1), (drawn[separated] / said.sum())[:, :, None]
    )[:, :, 0]
    value = np.linalg.solve(rates.T, said / said.sum())
    low, high = np.quantile(solved, [(1 - level) / 2, (1 + level) / 2], axis=0)
    value = np.clip(value, 0, 1)
    return Intervals(
        value, np.clip(np.minimum(low, value), 0, 1), np.clip(np.maximum(high, value), 0, 1)
    )
