r"""Coverage by group: which share of the real rows of a group has a generated row near it.

Held-out rows are divided into three parts, which change roles so that every row is judged once: a
judged row x, reference rows R, which say what is near, and control rows Z. With :math:`r_k(x)` the
distance of x to its k-th neighbour among R, and as many generated rows Y as control rows,

.. math:: \text{coverage} = P(\exists y \in Y : d(x, y) < r_k(x)), \qquad
          \text{control} = P(\exists z \in Z : d(x, z) < r_k(x)) .

The control is what real rows reach: :math:`1 - 2^{-k}` where R and Z are equally many and no rows
are equal, in every group, whatever its distribution. The *shortfall* is control minus coverage.
Where the group of a generated row is known, neighbours are looked for within the group: a group
with a tenth of its rows then reaches about :math:`1 - 1.1^{-5} = 0.38` (k = 5).

One generated row is near to several real ones, so rows are not independent, least where a group has
few generated rows. What the luck of the draw adds is the jackknife's variance,

.. math:: V = \sum_{y \in Y} (u_y / n)^2,

with :math:`u_y` the rows that are uncovered when y is left out, and likewise for Z. The n rows of a
group then count as n over the *design effect*, 1 + V over the binomial variance, in the limits of
shares (:mod:`further.evaluate.share`).

References
----------
Naeem, Oh, Uh, Choi and Yoo 2020, "Reliable fidelity and diversity metrics for generative models",
ICML. Kish 1965, "Survey sampling" (the design effect). Efron and Stein 1981, "The jackknife
estimate of variance", Annals of Statistics 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.distance import distances
from further.evaluate.generation.neighbours import NEIGHBOURS
from further.evaluate.recovery import difference
from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals, share_intervals

Floats = NDArray[np.floating[Any]]
Counts = NDArray[np.int64]

PARTS = 3


@dataclass(frozen=True, eq=False)
class Reached:
    """How many held-out rows of each group have a row of some kind near them."""

    n: Annotated[Counts, "Held-out rows of each group."]
    near: Annotated[Counts, "Those with a row near them."]
    luck: Annotated[Floats, "Sum of squares of the rows that hang on a single one, by group."]

    def share(self, level: float = LEVEL) -> Intervals:
        """Return the share of each group, with the design effect of shared neighbours."""
        n = np.maximum(self.n, 1)
        p = (self.near + 0.5) / (n + 1)
        effect = 1 + self.luck / (n * p * (1 - p))
        return share_intervals(self.near / effect, self.n / effect, level)


@dataclass(frozen=True, eq=False)
class Covered:
    """How many held-out rows of each group generated rows cover, and how many real ones do."""

    generated: Annotated[Reached, "By generated rows."]
    control: Annotated[Reached, "By as many real rows."]
    generated_others: Annotated[Reached, "All other groups by generated rows, for each group."]
    control_others: Annotated[Reached, "Likewise by real rows."]

    def shortfall(self, level: float = LEVEL) -> Intervals:
        """Return what is missing to the coverage by real rows."""
        return difference(self.control.share(level), self.generated.share(level))

    def beyond_others(self, level: float = LEVEL) -> Intervals:
        """Return by how much the shortfall of each group is larger than that of all others."""
        of_others = difference(self.control_others.share(level), self.generated_others.share(level))
        return difference(self.shortfall(level), of_others)


def covered_by_group(
    real: Floats,
    codes: Counts,
    generated: Floats,
    generated_codes: Counts | None = None,
    *,
    groups: int,
    k: int = NEIGHBOURS,
    seed: int = 0,
) -> Covered:
    """Count the held-out rows of each group that have a generated row near them.

    When to use: to see whom a generator leaves out, beside its mean coverage. When it fails: with
    few rows of a group (less than a hundred), or where distances say little, as in many dimensions;
    a copy of the training rows covers everybody.

    Parameters
    ----------
    real : array of shape (n, d)
        Features of rows that the generator never saw.
    codes : array of int, shape (n,)
        Their groups.
    generated : array of shape (m, d)
        Features of generated rows.
    generated_codes : array of int, shape (m,), optional
        Their groups where these are known: then neighbours are looked for within the group.
    groups : int
        Number of groups.
    k : int, default=5
        Neighbours that say what is near.
    seed : int, default=0
        Of the parts.

    Returns
    -------
    Covered
        With the control, real rows in place of generated ones.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> group = np.repeat([0, 1], [600, 300])
    >>> real = rng.normal(size=(900, 2)) + 4 * group[:, None]
    >>> found = covered_by_group(real, group, rng.normal(size=(900, 2)), groups=2)
    >>> [kind.share().values.round(2).tolist() for kind in (found.generated, found.control)]
    [[0.99, 0.01], [0.97, 0.99]]
    """
    rng = np.random.default_rng(seed)
    part = rng.permutation(len(real)) % PARTS
    size = min(len(generated), len(real) // PARTS)
    known = generated_codes is not None
    drawn = rng.permutation(len(generated))
    near = np.zeros((2, groups), dtype=np.int64)
    alone = [np.zeros((groups, len(rows))) for rows in (generated, real)]
    for turn in range(PARTS):
        judged, reference, control = (
            rng.permutation(np.flatnonzero(part == (turn + role) % PARTS)) for role in range(PARTS)
        )
        x, of_x = real[judged], codes[judged]
        radius = _radii(x, of_x, real[reference[:size]], codes[reference[:size]], known, k)
        # Other generated rows in every turn, as far as there are.
        kinds = (generated, generated_codes, np.roll(drawn, -turn * size)[:size]), (
            real, codes if known else None, control[:size],
        )  # fmt: skip
        for kind, (rows, of_rows, taken) in enumerate(kinds):
            to = distances(x, rows[taken])
            if of_rows is not None:
                to[of_x[:, None] != of_rows[taken]] = np.inf
            inside = to < radius[:, None]
            number = inside.sum(axis=1)
            near[kind] += np.bincount(of_x[number > 0], minlength=groups)
            single = number == 1
            np.add.at(alone[kind], (of_x[single], taken[inside[single].argmax(axis=1)]), 1)
    n = np.bincount(codes, minlength=groups)

    def of(counts: NDArray[Any], hanging: Floats, rows: NDArray[Any]) -> Reached:
        return Reached(rows, counts, np.square(hanging).sum(axis=1))

    own = [of(near[kind], alone[kind], n) for kind in range(2)]
    others = [
        of(near[kind].sum() - near[kind], alone[kind].sum(axis=0) - alone[kind], n.sum() - n)
        for kind in range(2)
    ]
    return Covered(*own, *others)


def _radii(
    x: Floats, codes: Counts, reference: Floats, of_reference: Counts, known: bool, k: int
) -> Floats:
    """Return the distance of each row to its k-th reference row, within its group if that is known.

    Of a group with fewer reference rows the farthest of them counts; without any, nothing is far.
    """
    to = distances(x, reference)
    if known:
        to[codes[:, None] != of_reference] = np.inf
    last = min(k, len(reference))
    ordered = np.partition(to, np.arange(last), axis=1)[:, :last]
    found = np.isfinite(ordered).sum(axis=1)
    return np.where(found > 0, ordered[np.arange(len(x)), np.maximum(found, 1) - 1], np.inf)
