r"""Splitting rows into training, validation and test sets.

Rows of each class are put in random order and spread evenly over [0, 1): row r of a class of
:math:`n_c` rows stands at :math:`(r + u_c) / n_c` with one random :math:`u_c` a class. Sorted by
that place, the first rows are the test set, the next the validation set and the rest the training
set, so the totals are exact and each class is within one row of its share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from further.errors import InputError

FEWEST_ROWS = 10
#: Of a class, one for each of training, validation and test set.
FEWEST_OF_A_CLASS = 3
PARTS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of a training, a validation and a test set that share no row and no group.

    Attributes
    ----------
    train, validation, test : array of int64
        Sorted row numbers.
    seed : int
        Of the random order.
    method : str
        How the rows were divided, in a sentence.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    seed: int
    method: str

    def describe(self) -> dict[str, Any]:
        """Return seed, method and sizes, for the record of a run."""
        rows = {part: len(getattr(self, part)) for part in PARTS}
        return {"seed": self.seed, "method": self.method, "rows": rows}


def split_rows(
    n: int,
    labels: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    official: np.ndarray | None = None,
    *,
    seed: int = 0,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
) -> Split:
    """Divide n rows into training, validation and test sets.

    Parameters
    ----------
    n : int
        Number of rows, at least 10.
    labels : array of shape (n,), int64, optional
        Class codes: each part gets its share of every class; classes of fewer than 3 rows go to
        the training set.
    groups : array of shape (n,), optional
        Rows of one group stay together.
    official : array of shape (n,) of {"train", "validation", "test"}, optional
        The data's own split, kept as it is; a validation set that is missing is taken from the
        training rows. Ignored when ``fractions`` asks for no test set.
    seed, fractions
        As in :meth:`Dataset.split <further.data.dataset.Dataset.split>`, with what they raise.

    Returns
    -------
    Split
        Row numbers by part.
    """
    shares = np.asarray(fractions, dtype=float)
    if shares.shape != (3,) or (shares < 0).any() or not math.isclose(shares.sum(), 1.0):
        raise InputError(
            f"fractions={tuple(fractions)}: give three shares for training, validation and test "
            "that sum to 1, such as (0.6, 0.2, 0.2)."
        )
    if n < FEWEST_ROWS:
        raise InputError(
            f"There are {n} rows, but a split into training, validation and test sets needs at "
            f"least {FEWEST_ROWS}; add rows."
        )
    rng = np.random.default_rng(seed)
    own: set[str] = set() if official is None else set(official)
    if official is not None and shares[2] > 0 and "train" in own and own & {"validation", "test"}:
        part, method = _official(official, labels, groups, shares, rng)
    else:
        part, method = _divide(labels, groups, shares, rng, n)
    train, validation, test = (np.flatnonzero(part == i) for i in range(3))
    return Split(train, validation, test, seed, method)


def _divide(
    labels: np.ndarray | None,
    groups: np.ndarray | None,
    shares: np.ndarray,
    rng: np.random.Generator,
    n: int,
) -> tuple[np.ndarray, str]:
    """Return the part of each row, 0 training, 1 validation, 2 test, and how it was found."""
    strata = np.unique(np.zeros(n) if labels is None else labels, return_inverse=True)[1]
    percent = "/".join(f"{100 * share:.3g}" for share in shares)
    how = "at random" if labels is None else "stratified by class"
    if groups is not None:
        return _by_group(strata, groups, shares, rng), f"{percent} {how}, groups kept together"
    return _stratified(strata, shares, rng), f"{percent} {how}"


def _stratified(strata: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(strata)
    shuffled = rng.permutation(n)
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]  # by class, random within
    sizes = np.bincount(strata)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.empty(n)
    offsets = np.repeat(rng.random(len(sizes)), sizes)
    place[order] = (np.arange(n) - starts + offsets) / np.repeat(sizes, sizes)
    scarce = (sizes < FEWEST_OF_A_CLASS)[strata] & (len(sizes) > 1)
    place[scarce] = 1.0  # the training set comes last
    n_test = math.ceil(n * shares[2] - 1e-9)
    n_validation = round(n * shares[1])
    part = np.zeros(n, dtype=np.int64)
    by_place = np.argsort(place, kind="stable")
    part[by_place[:n_test]] = 2
    part[by_place[n_test : n_test + n_validation]] = 1
    part[scarce] = 0
    return _fill_empty(part, strata, sizes, shares)


def _fill_empty(
    part: np.ndarray, strata: np.ndarray, sizes: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Give every part a row of each class that has at least three."""
    wanted = np.flatnonzero(shares > 0)
    counts = np.zeros((len(sizes), 3), dtype=np.int64)
    np.add.at(counts, (strata, part), 1)
    for label in np.flatnonzero(
        (sizes >= FEWEST_OF_A_CLASS) & (counts[:, wanted] == 0).any(axis=1)
    ):
        rows = np.flatnonzero(strata == label)
        for empty in wanted[counts[label, wanted] == 0]:
            fullest = counts[label].argmax()
            part[rows[part[rows] == fullest][0]] = empty
            counts[label, fullest] -= 1
            counts[label, empty] += 1
    return part


def _by_group(
    strata: np.ndarray, groups: np.ndarray, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Give each group, largest first, to the part that then is nearest to its shares."""
    names, group = np.unique(groups, return_inverse=True)
    wanted = np.flatnonzero(shares > 0)
    if len(names) < len(wanted):
        raise InputError(
            f"There are {len(names)} groups, but {len(wanted)} parts to put them in; rows of one "
            "group stay together, so give finer groups or none."
        )
    sizes = np.bincount(strata)
    counts = np.zeros((len(names), len(sizes)))
    np.add.at(counts, (group, strata), 1.0)
    counts /= sizes  # of each class, the share that lies in the group
    order = rng.permutation(len(names))
    order = order[np.argsort(-np.bincount(group)[order], kind="stable")]
    filled = np.zeros((len(wanted), len(sizes)))
    side = np.empty(len(names), dtype=np.int64)
    target = shares[wanted, None]
    left = len(names)
    for which in order:
        cost = ((filled + counts[which] - target) ** 2 - (filled - target) ** 2).sum(axis=1)
        empty = filled.sum(axis=1) == 0
        if empty.sum() >= left:  # the last groups go where there is nothing yet
            cost[~empty] = np.inf
        best = int(cost.argmin())
        filled[best] += counts[which]
        side[which] = wanted[best]
        left -= 1
    return side[group]


def _official(
    official: np.ndarray,
    labels: np.ndarray | None,
    groups: np.ndarray | None,
    shares: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, str]:
    part = np.zeros(len(official), dtype=np.int64)
    part[official == "validation"] = 1
    part[official == "test"] = 2
    if "test" not in official:
        # A set that has training and validation rows only is judged on the latter.
        part[official == "validation"] = 2
    if (part == 1).any() or shares[1] == 0:
        return part, "the data's own"
    rows = np.flatnonzero(part == 0)
    share = shares[1] / (shares[0] + shares[1])
    taken, how = _divide(
        None if labels is None else labels[rows],
        None if groups is None else groups[rows],
        np.array([1 - share, share, 0.0]),
        rng,
        len(rows),
    )
    part[rows[taken == 1]] = 1
    return part, f"the data's own, validation taken from its training rows ({how})"
