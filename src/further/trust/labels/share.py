r"""The share of wrong labels, by a person's look at some that were drawn at random.

The ranking is not a count: how many labels are wrong has to be seen. So that the labels at the end
of the ranking count too, what is to be checked is drawn from all of it. Labels and candidates
without one are divided into strata h by their probability; of the :math:`N_h` in each, :math:`n_h`
are drawn, more of them where probability is high, for the share there is less certain. If
:math:`k_h` turn out wrong, the number of errors is estimated by

.. math:: \hat T = \sum_h N_h \hat p_h, \qquad \hat p_h = k_h / n_h .

The interval is Wilson's for the share :math:`\hat p = \hat T / N`, with the number of draws that
would have the variance of the stratified estimate,

.. math:: n^* = \frac{\tilde p (1 - \tilde p)}{V}, \qquad
          V = \sum_h \Bigl(\frac{N_h}{N}\Bigr)^2 \Bigl(1 - \frac{n_h}{N_h}\Bigr)
              \frac{\tilde p_h (1 - \tilde p_h)}{n_h}, \qquad
          \tilde p_h = \frac{k_h + 1/2}{n_h + 1}

(Korn and Graubard 1998), :math:`\tilde p` being the mean of the :math:`\tilde p_h` by size of
stratum. The half added to the counts keeps the interval honest where no error was seen: none among
a few is not none among all. What neither a label nor a prediction shows cannot be drawn and is not
counted, so that the share of missing labels is a lower limit.

References
----------
Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive
counts estimated from survey data".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.evaluate.wilson import wilson
from further.trust.labels.evidence import Floats, Integers

METHOD = "stratified random sample, Wilson's interval with the effective number of draws"
#: Where the strata of probability begin.
BANDS = (0.0, 0.01, 0.1, 0.5)
#: Drawn of each stratum at least, where it has so many.
LEAST_DRAWN = 5
#: The least share of errors that a stratum is taken to have when what is drawn is shared out.
LEAST_SHARE = 0.02


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
    """Return the stratum of each label and candidate: by probability, and by what it is.

    Parameters
    ----------
    probability : array of shape (n,)
        Of an error.
    missing : array of shape (n,), bool
        Whether it is a place without a label.

    Returns
    -------
    array of shape (n,), int64
        Numbers of strata; some may be empty.
    """
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
    probability: Floats, missing: NDArray[np.bool_], labels: int, checked: Mapping[int, bool]
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

    Returns
    -------
    Share
        All, wrong and missing labels. A stratum of which nothing was checked counts as half wrong,
        with an interval of all there is.
    """
    of = strata(probability, missing)
    positions = np.array(list(checked), dtype=np.int64) - 1
    is_error = np.array(list(checked.values()), dtype=bool)

    def part(inside: NDArray[np.bool_]) -> Part:
        numbers = np.unique(of[inside])
        size = np.array([(of == h).sum() for h in numbers])
        drawn = np.array([(of[positions] == h).sum() for h in numbers])
        wrong = np.array([is_error[of[positions] == h].sum() for h in numbers])
        return _part(size, drawn, wrong, labels)

    return Share(part(np.ones_like(missing)), part(~missing), part(missing))


def _part(size: Integers, drawn: Integers, wrong: Integers, labels: int) -> Part:
    n = int(size.sum())
    if not n:
        return Part()
    weight = size / n
    share = float(weight @ np.where(drawn > 0, wrong / np.maximum(drawn, 1), 0.5))
    shrunk = (wrong + 0.5) / (drawn + 1)
    spread = weight**2 * (1 - drawn / size) * shrunk * (1 - shrunk) / np.maximum(drawn, 1)
    low = high = share
    if spread.sum() > 0:
        mean = float(weight @ shrunk)
        low, high = wilson(share, mean * (1 - mean) / float(spread.sum()))
    for_each = n / labels
    return Part(
        share * n, share * for_each, low * for_each, high * for_each, int(drawn.sum()), n
    )  # fmt: skip
