r"""Anomalies: how well a score of typicality tells the rare rows that someone has marked.

Rows are ranked from the least typical on. With :math:`y_{(i)}` the mark (1 or 0) of the i-th row
and P the number of marked rows, N that of the others,

.. math::
   \text{precision at } k &= \tfrac1k \sum_{i \le k} y_{(i)}, \\
   \text{average precision} &= \tfrac1P \sum_{i} y_{(i)}\, \text{precision at } i, \\
   \text{ROC AUC} &= \tfrac{1}{P N} \#\{\text{marked row ranked before an unmarked one}\},

pairs of equal score counting one half. Equal scores at the k-th place share it; in the average
precision they form one step, as in scikit-learn. The intervals are percentiles of a stratified
bootstrap: marked and unmarked rows are drawn anew, each as often as they are there, with the
scores as they are. A random order has precision and average precision at the base rate,
P / (P + N), and a ROC AUC of 0.5.

References
----------
Davis, Goadrich (2006), The relationship between precision-recall and ROC curves, ICML. Campos,
Zimek, Sander, Campello, Micenková, Schubert, Assent, Houle (2016), On the evaluation of
unsupervised outlier detection, Data Min. Knowl. Discov. 30.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.errors import InputError
from further.evaluate.interval import BOOTSTRAP_DRAWS, Estimate, score_from_resamples
from further.evaluate.typed_json import to_json
from further.evaluate.wilson import WILSON, wilson

Floats = NDArray[np.floating[Any]]

MEASURES = ("precision_at_k", "average_precision", "roc_auc")
#: A class marks anomalies where it holds less than this share of the rows.
RARE = 0.1


def rare_class(labels: pd.Series) -> Hashable | None:
    """Return the class of a label that can mark anomalies: the rarer of two, below a tenth.

    Examples
    --------
    >>> rare_class(pd.Series(["sound"] * 95 + ["broken"] * 5))
    'broken'
    >>> rare_class(pd.Series(["male"] * 60 + ["female"] * 40)) is None
    True
    """
    shares = labels.value_counts(normalize=True)
    return shares.index[-1] if len(shares) == 2 and shares.iloc[-1] < RARE else None


@dataclass(frozen=True)
class AnomalyReport:
    """How well a score finds marked rows, with 95 % intervals."""

    precision_at_k: Annotated[Estimate, "Share of marked rows among the k least typical."]
    average_precision: Annotated[Estimate, "Its mean over the places of the marked rows."]
    roc_auc: Annotated[Estimate, "How often a marked row is ranked before an unmarked one."]
    k: Annotated[int, "Of precision at k."]
    base_rate: Annotated[float, "Share of marked rows: the first two of a random order."]
    n: Annotated[int, "Rows."]
    n_positive: Annotated[int, "Marked rows."]
    positive: Annotated[Any, "The mark."]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**to_json(self), "positive": str(self.positive)}

    def to_frame(self) -> pd.DataFrame:
        """Return a row a measure: value, low, high, what a random order scores."""
        by_chance = dict.fromkeys(MEASURES, self.base_rate) | {"roc_auc": 0.5}
        return pd.DataFrame(
            [
                {"value": e.value, "low": e.low, "high": e.high, "random": by_chance[name]}
                for name in MEASURES
                for e in [getattr(self, name)]
            ],
            index=pd.Index(MEASURES, name="measure"),
        )


def anomaly_report(
    scores: Any,
    labels: Any,
    *,
    k: int | None = None,
    positive: Any = None,
    draws: int = BOOTSTRAP_DRAWS,
    random_state: int = 0,
) -> AnomalyReport:
    """Return precision at k, average precision and ROC AUC of a score of typicality.

    When to use: where some rows are marked as anomalies. When it fails: marks are often those of
    the anomalies that someone looked for, so that others count as false alarms; where the score
    was fitted on the same rows it is not that of rows to come.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Of ``score_samples``: higher is more typical.
    labels : array-like of shape (n,)
        Two values, such as 0 and 1.
    k : int, optional
        Rows that someone would look at; by default as many as are marked, where precision and
        recall are the same.
    positive : object, optional
        The value that marks an anomaly; by default the rarer one.
    draws : int
        Of the bootstrap.
    random_state : int
        Its seed; reports of the same rows and seed draw the same ones.

    Returns
    -------
    AnomalyReport
        With its base rate.

    Raises
    ------
    InputError
        If lengths differ, a score is not a number, or there are not two labels.

    Examples
    --------
    >>> report = anomaly_report([0.1, 0.9, 0.8, 0.2, 0.7], [1, 0, 0, 1, 0])
    >>> report.precision_at_k.value, report.k, report.base_rate
    (1.0, 2, 0.4)
    """
    typical = np.asarray(scores, dtype=np.float64).ravel()
    marked, mark = _marked(labels, positive, len(typical))
    if np.isnan(typical).any():
        raise InputError(
            f"anomaly_report: the score of row {int(np.isnan(typical).argmax())} is not a number; "
            "leave such rows out."
        )
    n, n_positive = len(typical), int(marked.sum())
    wanted = n_positive if k is None else int(k)
    if not 1 <= wanted <= n:
        raise InputError(f"anomaly_report: k={k}, but there are {n} rows; choose 1 to {n}.")
    ranking = _Ranking(typical, marked)
    found = score_from_resamples(
        lambda weights: ranking.measure(weights, wanted),
        n, strata=marked, limits=(0.0, 1.0), draws=draws, seed=random_state,
    )  # fmt: skip
    estimates = [score.estimate for score in found]
    if found[0].value in (0.0, 1.0):
        # A share of the rows that are looked at, however many are marked.
        low, high = wilson(found[0].value, wanted)
        estimates[0] = Estimate(found[0].value, low, high, n, WILSON)
    return AnomalyReport(
        estimates[0], estimates[1], estimates[2], wanted, n_positive / n, n, n_positive, mark
    )


def _marked(labels: Any, positive: Any, n: int) -> tuple[NDArray[np.bool_], Any]:
    given = pd.Series(np.asarray(labels).ravel())
    if len(given) != n:
        raise InputError(f"anomaly_report: {n} scores but {len(given)} labels; give one a row.")
    counts = given.value_counts(dropna=False)
    if len(counts) != 2:
        shown = ", ".join(map(str, counts.index[:4]))
        raise InputError(
            f"anomaly_report: labels have {len(counts)} values ({shown}), but two are needed; "
            "give positive against the rest, such as labels == value."
        )
    mark = counts.index[-1] if positive is None else positive
    if mark not in counts.index:
        raise InputError(
            f"anomaly_report: positive={positive!r} is not among the labels "
            f"({', '.join(map(str, counts.index))}); give one of them."
        )
    # Of two equally frequent ones the greater marks, as 1 does beside 0.
    if positive is None and counts.iloc[0] == counts.iloc[1]:
        mark = max(counts.index)
    return (given == mark).to_numpy(), mark


class _Ranking:
    """Rows from the least typical on, so that a resample is a vector of weights."""

    def __init__(self, typical: Floats, marked: NDArray[np.bool_]) -> None:
        self.order = np.argsort(typical, kind="stable")
        self.marked = marked[self.order]
        ranked = typical[self.order]
        self.last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))

    def measure(self, weights: Floats, k: int) -> Floats:
        """Return the three measures of rows that weigh so much, shape (3,)."""
        weights = weights[self.order]
        hits = np.cumsum(weights * self.marked)[self.last]
        seen = np.cumsum(weights)[self.last]
        new_hits, new_seen = np.diff(hits, prepend=0.0), np.diff(seen, prepend=0.0)
        positives = hits[-1]
        negatives = seen[-1] - positives
        if not (positives and negatives):
            return np.full(3, np.nan)
        average = new_hits @ (hits / np.maximum(seen, 1e-9)) / positives
        after = negatives - (seen - hits)
        area = new_hits @ (after + 0.5 * (new_seen - new_hits)) / (positives * negatives)
        # Of the rows of one score that the k-th is among, a part is looked at. Weights add up to n
        # but for rounding, which must not send the k-th beyond the last.
        at = int(np.searchsorted(seen, k * (1 - 1e-9)))
        missing = k - (seen[at] - new_seen[at])
        found = hits[at] - new_hits[at] * (1 - missing / new_seen[at])
        return np.array([found / k, average, area])
