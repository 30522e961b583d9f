r"""The share of wrong labels, by a person's look at some that were drawn at random.

The ranking is not a count: how many labels are wrong has to be seen. So that the labels at the end
of the ranking count too, what is to be checked is drawn from all of it. Labels and candidates
without one are divided into strata h by their probability; of the :math:`N_h` in each, :math:`n_h`
are drawn, more of them where probability is high, for the share there is less certain. If
:math:`k_h` turn out wrong, the number of errors is estimated by

.. math:: \hat T = \sum_h N_h k_h / n_h .

The interval is that of the number of errors among those not checked: of each stratum they are
beta-binomial with the posterior of Jeffreys' prior, Beta(:math:`k_h + 1/2`,
:math:`n_h - k_h + 1/2`), and the sum over the strata is simulated. It is exact about what was
checked, and honest where no error was seen: the absence of errors among a few drawn is none among
all. What neither a label nor a prediction shows cannot be drawn and is not counted, so that the
share of missing labels is a lower limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.evaluate.resampling import LEVEL
from further.trust.labels.evidence import Floats, Integers

METHOD = "stratified sample, beta-binomial with Jeffreys' prior"
#: Where the strata of probability begin.
BANDS = (0.0, 0.01, 0.1, 0.5)
#: Drawn of each stratum at least, where it has so many.
LEAST_DRAWN = 5
#: The least share of errors that a stratum is taken to have when what is drawn is shared out.
LEAST_SHARE = 0.02
DRAWS = 20_000


@dataclass(frozen=True)
class Part:
    """How many errors there are, among the labels or without one."""

    errors: Annotated[float, "Estimated number."] = 0
    share: Annotated[float, "Errors for each given label."] = 0
    low: Annotated[float, "Of the share, 95 %."] = 0
    high: Annotated[float, "Likewise."] = 0
    checked: Annotated[int, "How many were looked at."] = 0
    of: Annotated[int, "How many there are."] = 0

    @property
    def told(self) -> str:
        """Say the share in a hundred, with its interval."""
        return f"{100 * self.share:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True)
class Share:
    """Estimated share of wrong labels."""

    all: Annotated[Part, "Wrong and missing labels together."] = Part()
    wrong: Annotated[Part, "Of the labels there are: spurious, misplaced, swapped."] = Part()
    missing: Annotated[Part, "Labels that are not there; a lower limit."] = Part()
    method: Annotated[str, "Of the interval."] = METHOD

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each part."""
        parts = {"all": self.all, "wrong": self.wrong, "missing": self.missing}
        return pd.DataFrame([{"part": name, **asdict(part)} for name, part in parts.items()])

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return asdict(self)

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        shares = {name: part.told for name, part in vars(self).items() if name != "method"}
        return (
            f"{shares['all']} errors for 100 labels, by {self.all.checked} checked: "
            f"{shares['wrong']} wrong labels and {shares['missing']} missing ones."
        )


def strata(probability: Floats, missing: NDArray[np.bool_]) -> Integers:
    """Return the stratum of each label and candidate: by probability, and by what it is."""
    band = np.searchsorted(BANDS, probability, side="right") - 1
    return band + len(BANDS) * missing


def draw(probability: Floats, missing: NDArray[np.bool_], checked: int, seed: int) -> Integers:
    """Return the positions of what is to be checked, drawn at random in each stratum.

    Parameters
    ----------
    probability : array of shape (n,)
        Of an error.
    missing : array of shape (n,), bool
        Whether it is a place without a label.
    checked : int
        How many to draw; a few more where strata would have none.
    seed : int
        Of the draw.

    Returns
    -------
    array of int64
        In random order, so that nobody sees from the place what to expect.
    """
    of = strata(probability, missing)
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(of == h) for h in np.unique(of)]
    shares = np.array([max(LEAST_SHARE, probability[rows].mean()) for rows in members])
    shares = np.minimum(shares, 1 - LEAST_SHARE)
    sizes = np.array([len(rows) for rows in members])
    # Neyman's allocation: where the spread is large.
    weights = sizes * np.sqrt(shares * (1 - shares))
    wanted = np.maximum(np.rint(checked * weights / weights.sum()), LEAST_DRAWN)
    drawn = [
        rng.choice(rows, int(min(n, len(rows))), replace=False)
        for rows, n in zip(members, wanted, strict=True)
    ]
    return rng.permutation(np.concatenate(drawn)).astype(np.int64)


def estimate_share(
    probability: Floats,
    missing: NDArray[np.bool_],
    labels: int,
    checked: Mapping[int, bool],
    seed: int,
) -> Share:
    """Return the share of wrong labels, by those that were drawn and checked.

    Parameters
    ----------
    probability, missing : arrays of shape (n,)
        As they were drawn by; see :func:`draw`.
    labels : int
        Number of given labels.
    checked : mapping of int to bool
        By number, from 1 on: whether there is an error.
    seed : int
        Of the simulation of the interval.

    Returns
    -------
    Share
        All, wrong and missing labels. A stratum of which nothing was checked is estimated from
        nothing: its interval is nearly all there is.
    """
    of = strata(probability, missing)
    rng = np.random.default_rng(seed)
    positions = np.array(list(checked), dtype=np.int64) - 1
    is_error = np.array(list(checked.values()), dtype=bool)
    found = []
    for inside in (~missing, missing):
        errors, draws, seen = 0.0, np.zeros(DRAWS), 0
        for h in np.unique(of[inside]):
            n_all, mine = int((of == h).sum()), of[positions] == h
            n, k = int(mine.sum()), int(is_error[mine].sum())
            errors += n_all * (k / n if n else 0.5)
            p = rng.beta(k + 0.5, n - k + 0.5, DRAWS)
            draws += k + rng.binomial(n_all - n, p)
            seen += n
        found.append(_Counted(errors, draws, seen, int(inside.sum())))
    wrong, absent = found
    both = _Counted(wrong.errors + absent.errors, wrong.draws + absent.draws, len(checked), len(of))
    return Share(both.part(labels), wrong.part(labels), absent.part(labels))


class _Counted(NamedTuple):
    """Estimated errors, what the interval is made of, how many were checked, and of how many."""

    errors: float
    draws: Floats
    checked: int
    of: int

    def part(self, labels: int) -> Part:
        low, high = np.quantile(self.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        # The prior lifts the draws where no error was seen; the estimate itself lies within.
        low, high = min(float(low), self.errors), max(float(high), self.errors)
        share = self.errors / labels
        return Part(self.errors, share, low / labels, high / labels, self.checked, self.of)
