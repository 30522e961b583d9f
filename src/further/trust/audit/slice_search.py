r"""Beam search for conjunctions of conditions that hold where errors are more.

A conjunction of d conditions, with n of the N rows and a mean error :math:`\bar e_S` above
:math:`\bar e_R` of the other rows, is worth

.. math:: q = \ell - \tfrac12 \log \binom{C}{d},

where C is the number of conditions. The evidence :math:`\ell` is the logarithm of the likelihood
ratio of two rates against one, for errors of 0 and 1; for losses it is :math:`z^2 / 2` with

.. math:: z = \frac{\bar x_S - \bar x_R}{s \sqrt{1 / n + 1 / (N - n)}}, \qquad x = \sqrt{e},

s being the deviation of all :math:`x`; by the root a few enormous losses make no slice. Evidence
grows with the number of rows. The second term is what the best of so many conjunctions reaches by
chance; it is halved, since thresholds of one column are nearly the same condition.

Each level extends the best conjunctions of the one before by every condition. Of what was met, the
best are taken in turn: those that are worth more than every conjunction of a part of their
conditions, and that share with none taken before more than half of the rows that the two have
together (Jaccard index).

References
----------
Herrera, Carmona, González, del Jesus (2011), An overview on subgroup discovery, Knowledge and
Information Systems 29. Kulldorff (1997), A spatial scan statistic, Communications in Statistics 26.
Chung, Kraska, Polyzotis, Tae, Whang (2019), Slice Finder, ICDE.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, log
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from further.trust.audit.slice_conditions import CutColumn, Part

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: How many conjunctions of one condition, and of more, are extended.
BEAM_OF_ONE = 400
BEAM = 100
#: Two slices that share more than this are one.
MOST_SHARED = 0.5
#: A slice holds at most this share of the rows; of a larger one the rest is the exception.
LARGEST = 0.5
#: Part of the logarithm of the number of conjunctions that is subtracted.
TRIED_WEIGHT = 0.5


@dataclass(frozen=True)
class Found:
    """What a search has found."""

    conjunctions: Annotated[tuple[tuple[int, ...], ...], "Numbers of conditions, the best first."]
    tried: Annotated[int, "How many conjunctions were looked at."]


@dataclass(frozen=True, eq=False)
class SliceSearch:
    """The rows in which slices are looked for, and how large a slice is."""

    codes: Annotated[NDArray[np.int32], "Shape (N, d): the part of each value, counted through."]
    errors: Annotated[Floats, "Shape (N,): 0 and 1, or the roots of losses."]
    masks: Annotated[Flags, "Shape (C, N): which rows pass each condition."]
    first: Annotated[NDArray[np.intp], "Shape (C,): the lowest code of each condition."]
    end: Annotated[NDArray[np.intp], "Shape (C,): the code after its highest."]
    column: Annotated[NDArray[np.intp], "Shape (C,): where it is asked."]
    side: Annotated[NDArray[np.intp], "Shape (C,): which end of the numbers it keeps, or 0."]
    least: Annotated[int, "The fewest rows of a slice."]
    are_shares: Annotated[bool, "Whether errors are 0 and 1."]

    @classmethod
    def of(
        cls, columns: list[CutColumn], rows: NDArray[np.intp], errors: Floats, least: int
    ) -> SliceSearch:
        """Prepare a search in some rows of a table.

        Parameters
        ----------
        columns : list of CutColumn
            All columns.
        rows : array of int
            The rows that are searched.
        errors : array of shape (n,), float
            Of all rows: 0 and 1, or losses.
        least : int
            The fewest rows of a slice.

        Returns
        -------
        SliceSearch
            Ready to run.
        """
        offsets = np.cumsum([0, *(column.size for column in columns)])
        codes = np.empty((len(rows), len(columns)), dtype=np.int32)
        for j, column in enumerate(columns):
            codes[:, j] = column.codes[rows] + offsets[j]
        parts = all_parts(columns)
        of = np.repeat(np.arange(len(columns)), [len(column.parts) for column in columns])
        first, end, side = (
            np.array([getattr(part, name) for part in parts], dtype=np.intp)
            for name in ("first", "end", "side")
        )
        where = [column.codes[rows] for column in columns]
        masks = [(where[j] >= p.first) & (where[j] < p.end) for j, p in zip(of, parts, strict=True)]
        return cls(
            codes, np.sqrt(errors[rows]), np.array(masks), first + offsets[of], end + offsets[of],
            of, side, least, are_shares(errors),
        )  # fmt: skip

    def run(self, most_conditions: int, most: int) -> Found:
        """Return the best conjunctions.

        Parameters
        ----------
        most_conditions : int
            How many conditions hold together at most.
        most : int
            How many conjunctions are returned at most.

        Returns
        -------
        Found
            The best, in order.
        """
        beam: list[tuple[int, ...]] = [()]
        met: dict[tuple[int, ...], float] = {}
        tried = 0
        for depth in range(1, most_conditions + 1):
            worth, eligible = self._extended(beam, depth)
            tried += eligible
            width = BEAM_OF_ONE if depth == 1 else BEAM
            found = _best(beam, worth, width)
            met.update(found)
            beam = list(found)
        return Found(tuple(self._distinct(met, most)), tried)

    def holds(self, conjunction: tuple[int, ...]) -> Flags:
        """Return which rows meet a conjunction."""
        if not conjunction:
            return np.ones(len(self.errors), dtype=bool)
        found: Flags = np.logical_and.reduce(self.masks[list(conjunction)])
        return found

    def worth(self, n: Any, total: Any, depth: int) -> Any:
        """Return what conjunctions of so many rows and summed errors are worth.

        Parameters
        ----------
        n, total : float or arrays
            Rows, at least one, and the sum of their errors.
        depth : int
            The number of conditions.

        Returns
        -------
        float or array
            Minus infinity where errors are not more than elsewhere.
        """
        N, all_errors = len(self.errors), self.errors.sum()
        inside, outside = total / n, (all_errors - total) / (N - n)
        if self.are_shares:
            evidence = (
                _log_likelihood(total, n)
                + _log_likelihood(all_errors - total, N - n)
                - _log_likelihood(all_errors, N)
            )
        else:
            z = (inside - outside) / (self.errors.std() * np.sqrt(1 / n + 1 / (N - n)))
            evidence = z**2 / 2
        tried = TRIED_WEIGHT * log(comb(max(len(self.first), depth), depth))
        return np.where(inside > outside, evidence - tried, -np.inf)

    def _extended(self, beam: list[tuple[int, ...]], depth: int) -> tuple[Floats, int]:
        """Return the worth of each conjunction with each condition, and how many are slices."""
        n = np.empty((len(beam), len(self.first)))
        total = np.empty_like(n)
        for i, conjunction in enumerate(beam):
            rows = np.flatnonzero(self.holds(conjunction))
            n[i], total[i] = self._counts(rows)
            n[i, (n[i] >= len(rows)) | self._repeats(conjunction)] = 0  # asks nothing new
        eligible = (n >= self.least) & (n <= LARGEST * len(self.errors))
        worth = np.full(n.shape, -np.inf)
        worth[eligible] = self.worth(n[eligible], total[eligible], depth)
        return worth, int(eligible.sum())

    def _counts(self, rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Return the number of rows, and the sum of their errors, in each condition."""
        codes, width = self.codes[rows].ravel(), self.codes.shape[1]
        size = int(self.end.max())
        by_code = (
            np.bincount(codes, minlength=size),
            np.bincount(codes, np.repeat(self.errors[rows], width), minlength=size),
        )
        n, total = (np.concatenate([[0.0], np.cumsum(counts)]) for counts in by_code)
        return n[self.end] - n[self.first], total[self.end] - total[self.first]

    def _repeats(self, conjunction: tuple[int, ...]) -> Flags:
        """Return which conditions ask what the conjunction has asked, only more or less of it."""
        repeats = np.zeros(len(self.first), dtype=bool)
        for i in conjunction:
            same_side = (self.side == self.side[i]) | (self.side == 0) | (self.side[i] == 0)
            repeats |= (self.column == self.column[i]) & same_side
        return repeats

    def _distinct(self, met: dict[tuple[int, ...], float], most: int) -> list[tuple[int, ...]]:
        taken: list[tuple[int, ...]] = []
        masks: list[Flags] = []
        for conjunction in sorted(met, key=lambda key: -met[key]):
            if len(taken) == most:
                break
            mask = self.holds(conjunction)
            if any(jaccard(mask, other) > MOST_SHARED for other in masks):
                continue
            if met[conjunction] > self._best_part(conjunction):
                taken.append(conjunction)
                masks.append(mask)
        return taken

    def _best_part(self, conjunction: tuple[int, ...]) -> float:
        """Return what the best conjunction of a part of the conditions is worth."""
        best = -np.inf
        for depth in range(1, len(conjunction)):
            for part in combinations(conjunction, depth):
                mask = self.holds(part)
                n = int(mask.sum())
                if n < len(mask):
                    best = max(best, float(self.worth(n, self.errors[mask].sum(), depth)))
        return best


def are_shares(errors: Floats) -> bool:
    """Tell whether errors are 0 and 1, wrong or not, rather than losses."""
    return bool(np.isin(errors, (0.0, 1.0)).all())


def jaccard(a: Flags, b: Flags) -> float:
    """Return how many rows two slices have in common, for each row that is in either.

    Parameters
    ----------
    a, b : array of shape (N,), bool
        Their rows.

    Returns
    -------
    float
        From 0 to 1.
    """
    return float((a & b).sum() / max((a | b).sum(), 1))


def all_parts(columns: list[CutColumn]) -> list[Part]:
    """Return the conditions in the order of their numbers."""
    return [part for column in columns for part in column.parts]


def _best(beam: list[tuple[int, ...]], worth: Floats, width: int) -> dict[tuple[int, ...], float]:
    """Return the best conjunctions with their worth, each once in whatever order it was made."""
    flat = worth.ravel()
    # A conjunction of three is met at most thrice at a level.
    some = min(flat.size, 3 * width)
    at = np.argpartition(-flat, some - 1)[:some] if some else np.empty(0, dtype=np.intp)
    found: dict[tuple[int, ...], float] = {}
    for place in at[np.argsort(-flat[at], kind="stable")]:
        i, condition = divmod(int(place), worth.shape[1])
        if len(found) == width or flat[place] == -np.inf:
            break
        found.setdefault(tuple(sorted((*beam[i], condition))), float(flat[place]))
    return found


def _log_likelihood(k: Any, n: Any) -> Any:
    return xlogy(k, k / n) + xlogy(n - k, 1 - k / n)
