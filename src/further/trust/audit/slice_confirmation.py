r"""Are errors more in a slice than elsewhere? A one-sided test on rows that did not choose it.

Of N rows with errors :math:`e_i`, n are in the slice S.

* Errors of 0 and 1: Fisher's exact test. With k errors in the slice and K in all, p is the
  probability of k or more in a hypergeometric draw of n.
* Losses: Welch's

  .. math:: t = \frac{\bar e_S - \bar e_R}{\sqrt{s_S^2 / n + s_R^2 / (N - n)}}

  against its values for permuted losses: exact where losses do not depend on the attributes,
  however heavy their tail, and asymptotically where only means are equal (Janssen 1997). With more
  than 20,000 rows against Student's t; the slice being the smaller part, a long right tail makes
  that p too large rather than too small.
* Rows that come in groups: the score :math:`U = \sum_i ([i \in S] - n / N)(e_i - \bar e)`, summed
  by group, :math:`U = \sum_g u_g`; :math:`U / \sqrt{\sum_g u_g^2}` against Student's t with one
  degree of freedom fewer than there are groups.

References
----------
Fisher (1935), The logic of inductive inference, JRSS 98. Janssen (1997), Studentized permutation
tests for non-i.i.d. hypotheses and the generalized Behrens-Fisher problem, Statistics and
Probability Letters 36. Liang, Zeger (1986), Longitudinal data analysis using generalized linear
models, Biometrika 73.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from further.evaluate.interval import score_from_examples

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: With more rows the permutations take seconds, and Student's t is near enough.
ROWS_PERMUTED = 20_000
#: So many permuted values are held at a time.
VALUES_HELD = 4_000_000


@dataclass(frozen=True, eq=False)
class Confirmation:
    """The rows on which slices are confirmed."""

    errors: Annotated[Floats, "Shape (N,)."]
    are_shares: Annotated[bool, "Whether errors are 0 and 1."]
    groups: Annotated[NDArray[np.intp] | None, "Shape (N,): codes of rows that belong together."]
    permutations: Annotated[int, "Of the losses."]
    seed: Annotated[int, "Of the permutations."]

    @property
    def method(self) -> str:
        """Which test is used, in words."""
        if self.groups is not None:
            return "score test with variances by group"
        if self.are_shares:
            return "Fisher's exact test"
        if len(self.errors) <= ROWS_PERMUTED:
            return f"permutation test of Welch's t ({self.permutations:,} permutations)"
        return "Welch's t-test"

    def p_values(self, slices: list[Flags]) -> Floats:
        """Return the one-sided p of each slice against the rest, not adjusted.

        Parameters
        ----------
        slices : list of arrays of shape (N,), bool
            The rows of each.

        Returns
        -------
        array of shape (slices,)
            1 where a slice, or the rest, has fewer than two rows.
        """
        p = np.ones(len(slices))
        sizes = np.array([mask.sum() for mask in slices], dtype=np.intp)
        judged = np.flatnonzero((sizes > 1) & (sizes < len(self.errors) - 1))
        masks = [slices[i] for i in judged]
        if not masks or np.ptp(self.errors) == 0:
            return p
        if self.groups is None and not self.are_shares and len(self.errors) <= ROWS_PERMUTED:
            p[judged] = self._permuted(np.array(masks))
        else:
            p[judged] = [self.quick_p(mask) for mask in masks]
        return p

    def quick_p(self, mask: Flags, among: Flags | None = None) -> float:
        """Return p of one slice, without permutations.

        Parameters
        ----------
        mask : array of shape (N,), bool
            The rows of the slice.
        among : array of shape (N,), bool, optional
            The rows that count, all by default.

        Returns
        -------
        float
            1 where there is too little to test.
        """
        of = np.ones(len(mask), dtype=bool) if among is None else among
        errors, inside = self.errors[of], mask[of]
        n = int(inside.sum())
        if n < 2 or n > len(errors) - 2 or np.ptp(errors) == 0:
            return 1.0
        if self.groups is not None:
            return _clustered_p(errors, inside, self.groups[of])
        if self.are_shares:
            k, K = int(errors[inside].sum()), int(errors.sum())
            return float(stats.hypergeom.sf(k - 1, len(errors), K, n))
        return float(
            stats.ttest_ind(
                errors[inside], errors[~inside], equal_var=False, alternative="greater"
            ).pvalue
        )

    def interval(self, mask: Flags) -> tuple[float, float, float]:
        """Return the error of a slice with its 95 % interval.

        Parameters
        ----------
        mask : array of shape (N,), bool
            The rows of the slice.

        Returns
        -------
        error, low, high : float
            By Clopper and Pearson for shares, in limits of Student's t for losses, by a bootstrap
            of whole groups where there are groups.
        """
        errors = self.errors[mask]
        n, error = len(errors), float(errors.mean())
        if self.groups is not None:
            limits = (0.0, 1.0) if self.are_shares else (0.0, np.inf)
            groups = self.groups[mask]
            found = score_from_examples(errors, groups=groups, limits=limits, seed=self.seed)
            low, high = found.estimate.low, found.estimate.high
            return error, np.nan if low is None else low, np.nan if high is None else high
        if self.are_shares:
            exact = stats.binomtest(int(errors.sum()), n).proportion_ci()
            return error, float(exact.low), float(exact.high)
        half = float(stats.t.ppf(0.975, n - 1) * errors.std(ddof=1) / np.sqrt(n))
        return error, max(0.0, error - half), error + half

    def _permuted(self, masks: NDArray[np.bool_]) -> Floats:
        inside = masks.T.astype(np.float64)  # (rows, slices)
        seen = _welch(self.errors[None], inside)[0]
        at_least = np.ones(len(masks))  # the losses as they are, which are a permutation too
        rng = np.random.default_rng(self.seed)
        left, at_once = self.permutations, max(1, VALUES_HELD // len(self.errors))
        while left > 0:
            losses = np.tile(self.errors, (min(left, at_once), 1))
            rng.permuted(losses, axis=1, out=losses)
            # Sums in another order differ by rounding, and must count as equal.
            at_least += (_welch(losses, inside) >= seen - 1e-9 * np.abs(seen)).sum(axis=0)
            left -= len(losses)
        return at_least / (self.permutations + 1)


def _welch(losses: Floats, inside: Floats) -> Floats:
    """Return Welch's t of each row of losses, shape (b, N), for each slice, shape (N, slices)."""
    n = inside.sum(axis=0)
    rest = len(inside) - n
    total, squares = losses @ inside, losses**2 @ inside
    # All rows are permutations of one another, so that their sums are the same.
    other, other_squares = losses[0].sum() - total, (losses[0] ** 2).sum() - squares
    variance = (squares - total**2 / n) / (n - 1) / n
    variance += (other_squares - other**2 / rest) / (rest - 1) / rest
    difference = total / n - other / rest
    return difference / np.sqrt(np.maximum(variance, 1e-300))


def _clustered_p(errors: Floats, inside: Flags, groups: Any) -> float:
    by_group = np.bincount(groups, (inside - inside.mean()) * (errors - errors.mean()))
    number = len(np.unique(groups))
    spread = np.sqrt(np.square(by_group).sum())
    if number < 2 or spread == 0:
        return 1.0
    return float(stats.t.sf(by_group.sum() / spread, number - 1))
