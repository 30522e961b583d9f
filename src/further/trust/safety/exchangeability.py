r"""Are new data still the same? A test of exchangeability with the calibration rows.

Every promise about new rows asks that they be exchangeable with those that were held out. Two tests
look for the contrary, in how strange rows are (:mod:`further.trust.safety.strangeness`), with half
of the level each:

* as they arrive, by the wealth of a player (:mod:`further.trust.safety.betting`), which may be read
  after each row, and gives the alarm once it reaches 2/α;
* all together, with no regard to their order, by Anderson and Darling's distance of the ranks of m
  new rows from those of n calibration rows, N = n + m,

  .. math:: A^2 = \frac{1}{nm} \sum_{i=1}^{N-1} \frac{(N M_i - i\, n)^2}{i\, (N - i)},

  with :math:`M_i` the calibration rows among the i least strange. Its p-value is the place of
  :math:`A^2` among those of B random divisions of the ranks,
  :math:`(1 + \#\{A^2_b \ge A^2\}) / (1 + B)`, which is exact for any n and m. Equal scores are put
  in random order.

References
----------
Pettitt 1976, "A two-sample Anderson-Darling rank statistic". Phipson and Smyth 2010, "Permutation
p-values should never be zero". For the rest see the two modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.errors import InputError
from further.trust.safety.betting import conformal_p_values, wealth_path
from further.trust.safety.strangeness import Score, fit_score

Floats = NDArray[np.float64]
DIVISIONS = 999
#: Of divided ranks that are in memory at a time.
MOST_CELLS = 1_000_000
#: Of either side; with fewer nothing can be told.
FEWEST = 5


@dataclass(frozen=True, eq=False)
class Exchangeability:
    """Whether new rows are like the calibration rows.

    Attributes
    ----------
    n_calibration, n_new : int
        Number of rows.
    level : float
        Probability of a false alarm, of both tests together.
    p_value : float
        Of both tests: twice the lesser one.
    p_batch : float
        Of all new rows together.
    p_stream : float
        One over the largest wealth; it holds at any time.
    alarm : int or None
        Number of the new row, from 1 on, at which the wealth reached 2 / level.
    scores, calibration_scores : array
        How strange each row is.
    p_values : array of shape (m,)
        Of each new row among all before it.
    wealth : array of shape (m,)
        After each new row.
    """

    n_calibration: int
    n_new: int
    level: float
    p_value: float
    p_batch: float
    p_stream: float
    alarm: int | None
    scores: Floats
    calibration_scores: Floats
    p_values: Floats
    wealth: Floats

    @property
    def changed(self) -> bool:
        """Whether either test says so."""
        return self.p_value <= self.level

    @property
    def stranger(self) -> float:
        """How often a new row is stranger than a calibration row, 0.5 where they are alike."""
        below = np.sort(self.calibration_scores)
        places = [np.searchsorted(below, self.scores, side=side) for side in ("left", "right")]
        return float(np.mean(places) / self.n_calibration)

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        if not self.changed:
            return (
                f"No change was found in {self.n_new} new rows beside {self.n_calibration} "
                f"(p = {self.p_value:.2g}); that is no proof that there is none."
            )
        when = f"; as they arrived, the alarm came at row {self.alarm}" if self.alarm else ""
        return (
            f"The {self.n_new} new rows are not like the {self.n_calibration} that calibrated "
            f"(p = {self.p_value:.2g}): {self.stranger:.0%} of the time the new one of two rows is "
            f"the stranger{when}. What was promised of rows like those no longer holds."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each new row, in their order."""
        return pd.DataFrame(
            {"score": self.scores, "p_value": self.p_values, "wealth": self.wealth},
            index=pd.RangeIndex(1, self.n_new + 1, name="row"),
        )


def exchangeability_test(
    calibration: Any,
    new: Any,
    *,
    known: Any = None,
    score: str | Score = "neighbours",
    level: float = 0.05,
    seed: int = 0,
) -> Exchangeability:
    """Test whether new rows, in the order in which they arrived, are like the calibration rows.

    When to use: before a model is trusted on new data, and while they arrive: call it again with
    all new rows so far, and the path goes on where it was; only the alarm may be read each time,
    the p-value of the batch once. When it fails: it sees what its score sees. Distances find new
    kinds of rows, and not labels that changed; a score that uses the model's error on new labels
    does. A change that came before the calibration rows is none. It says that rows changed, not
    that the model is worse.

    Parameters
    ----------
    calibration : Dataset, DataFrame or array
        Rows that are known to be alike, in random order. Where ``score`` is a name and ``known`` is
        not given, half of them fits the score.
    new : Dataset, DataFrame or array
        Rows in the order of their arrival.
    known : Dataset, DataFrame or array, optional
        Rows that fit the score, such as the model's training rows.
    score : {"neighbours", "forest"} or callable, default="neighbours"
        The larger, the stranger: mean distance to the five nearest known rows, an isolation forest
        for large tables, or whatever takes rows and returns an array of shape (n,). A callable must
        not have been fitted to the calibration rows.
    level : float, default=0.05
        Probability of a false alarm.
    seed : int, default=0
        Of what is drawn: halves, ties, random divisions.

    Returns
    -------
    Exchangeability
        Both tests, and the path of the wealth.

    Raises
    ------
    InputError
        If there are fewer than five rows of either kind, or the score is not finite or has another
        length.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(400, 3)), rng.normal(size=(100, 3))
    >>> exchangeability_test(old, new).changed
    False
    >>> found = exchangeability_test(old, new + 1)
    >>> found.changed, found.alarm
    (True, 25)
    """
    if not 0 < level < 1:
        raise InputError(f"level={level} must lie between 0 and 1.")
    rng = np.random.default_rng([seed, 0])
    if not callable(score):
        if known is None:
            known, calibration = _halves(calibration, rng)
        score = fit_score(score, known, seed)
    calibration_scores, scores = (
        _scores(score, rows, name) for rows, name in ((calibration, "calibration"), (new, "new"))
    )
    # Of its own, so that more new rows leave the path before them as it was.
    p_values = conformal_p_values(calibration_scores, scores, np.random.default_rng([seed, 1]))
    wealth = wealth_path(p_values)
    p_batch = _batch_p_value(calibration_scores, scores, np.random.default_rng([seed, 2]))
    p_stream = min(1.0, 1 / max(1.0, float(wealth.max())))
    reached = wealth >= 2 / level
    return Exchangeability(
        len(calibration_scores), len(scores), level, min(1.0, 2 * min(p_batch, p_stream)), p_batch,
        p_stream, int(reached.argmax()) + 1 if reached.any() else None, scores,
        calibration_scores, p_values, wealth,
    )  # fmt: skip


def _halves(rows: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    n = len(rows)
    if n < 2 * FEWEST:
        raise InputError(
            f"There are {n} calibration rows, but to fit a score and to compare with it takes at "
            f"least {2 * FEWEST}; give more rows, or known= those that the model was fitted to."
        )
    order = rng.permutation(n)
    halves = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    if isinstance(rows, Dataset):
        return rows.take(halves[0]), rows.take(halves[1])
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[halves[0]], rows.iloc[halves[1]]
    array = np.asarray(rows)
    return array[halves[0]], array[halves[1]]


def _scores(score: Score, rows: Any, name: str) -> Floats:
    n = len(rows)
    if n < FEWEST:
        raise InputError(
            f"There are {n} {name} rows, and with fewer than {FEWEST} nothing can be told; give "
            "more."
        )
    found = np.asarray(score(rows), dtype=np.float64)
    if found.shape != (n,) or not np.isfinite(found).all():
        raise InputError(
            f"The score of the {name} rows has the shape {found.shape} and "
            f"{int((~np.isfinite(found)).sum())} values that are not finite; it has to be one "
            f"number for each of {n} rows."
        )
    return found


def _batch_p_value(calibration: Floats, new: Floats, rng: np.random.Generator) -> float:
    n, m = len(calibration), len(new)
    total = n + m
    of_calibration = np.arange(total) < n
    # Random numbers break ties.
    order = np.lexsort((rng.random(total), np.concatenate([calibration, new])))
    i = np.arange(1, total)
    weight = 1 / (i * (total - i))

    def distances(inside: NDArray[np.bool_]) -> Floats:
        below = np.cumsum(inside, axis=1)[:, :-1]
        found: Floats = np.square(total * below - i * float(n)) @ weight
        return found

    # What differs by rounding alone is equal.
    least = distances(of_calibration[order][None])[0] * (1 - 1e-12)
    as_far, left = 0, DIVISIONS
    while left:
        block = min(left, max(1, MOST_CELLS // total))
        divided = rng.permuted(np.tile(of_calibration, (block, 1)), axis=1)
        as_far += int((distances(divided) >= least).sum())
        left -= block
    return (1 + as_far) / (1 + DIVISIONS)
