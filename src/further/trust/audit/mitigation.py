r"""Mitigation: what it costs to make a rate more equal among groups, on rows that nothing has seen.

Three methods, which intervene after, before and while a model learns:

* threshold: each group gets thresholds of its own, mixed at random where no single one makes the
  rates equal (Hardt, Price and Srebro 2016);
* reweighing: the same model learns from weighted rows (:mod:`further.trust.audit.reweighing`);
* reductions: a random mixture of models, each of which learnt with other costs (Agarwal et al.
  2018).

The rows are divided into three parts. The model is fitted on the first, thresholds are chosen on
the second, and all is judged on the third, before and after on the same rows: gain and price are
read side by side. With :math:`\Delta` the largest difference among groups in what is to be equal,
the gain is :math:`\Delta_{\text{before}} - \Delta_{\text{after}}`; its limits are put together from
those of both (:mod:`further.evaluate.largest`), with the correlation that the differences of the
two pairs of groups have on the same rows (:mod:`further.evaluate.recovery`).

References
----------
Hardt, Price and Srebro 2016, "Equality of opportunity in supervised learning", NeurIPS. Agarwal,
Beygelzimer, Dudík, Langford and Wallach 2018, "A reductions approach to fair classification", ICML.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from further.errors import InputError, unknown
from further.evaluate.largest import Largest
from further.evaluate.paired_shares import paired_difference
from further.evaluate.recovery import difference, mean_of
from further.evaluate.share import Intervals
from further.trust.audit.audit import GroupAudit, audit_predictions
from further.trust.audit.predictions import Predictions
from further.trust.audit.reweighing import reweighing

Method = Literal["threshold", "reweighing", "reductions"]
Constraint = Literal[
    "demographic_parity", "equalized_odds", "true_positive_rate_parity",
    "false_positive_rate_parity",
]  # fmt: skip

#: What each constraint makes equal: the difference of an audit, in words, and fairlearn's moment.
CONSTRAINTS: dict[Constraint, tuple[str, str, str]] = {
    "demographic_parity": ("selection_rate", "selection rates", "DemographicParity"),
    "equalized_odds": ("equalized_odds", "error rates (equalized odds)", "EqualizedOdds"),
    "true_positive_rate_parity": ("fnr", "false negative rates", "TruePositiveRateParity"),
    "false_positive_rate_parity": ("fpr", "false positive rates", "FalsePositiveRateParity"),
}
#: Rows that the rates of a constraint are shares of, by the place of the rate.
_DENOMINATORS: dict[Constraint, tuple[Callable[[NDArray[np.bool_]], NDArray[np.bool_]], ...]] = {
    "demographic_parity": (np.ones_like,), "equalized_odds": (np.logical_not, np.array),
    "true_positive_rate_parity": (np.array,), "false_positive_rate_parity": (np.logical_not,),
}  # fmt: skip
#: Of all rows: those that a model learns from, those that choose thresholds, those that judge.
PARTS = (0.5, 0.25, 0.25)
FEWEST_ROWS = 100


@dataclass(frozen=True, eq=False)
class Mitigation:
    """Before and after, on rows that neither the model nor its thresholds have seen.

    Attributes
    ----------
    method, constraint : str
        As asked for.
    before, after : GroupAudit
        All figures of all groups, with intervals.
    accuracy, balanced_accuracy : Intervals
        After minus before, paired: the price where negative.
    gain : Intervals
        By how much the largest difference among groups fell.
    decisions : ndarray of bool, shape (n, 2)
        Of the judged rows, before and after.
    rows : ndarray of int, shape (n,)
        The places of the judged rows in what was given.
    model : object
        What decides afterwards: fairlearn's object, or the fitted estimator.
    notes : tuple of str
        How the rows were divided, and what the method needs.
    """

    method: Method
    constraint: Constraint
    before: GroupAudit
    after: GroupAudit
    accuracy: Intervals
    balanced_accuracy: Intervals
    gain: Intervals
    decisions: NDArray[np.bool_]
    rows: NDArray[np.intp]
    model: Any
    notes: tuple[str, ...] = ()

    @property
    def unfairness(self) -> tuple[Largest, Largest]:
        """The largest difference among groups in what is to be equal, before and after."""
        before, after = (_largest(audit, self.constraint) for audit in (self.before, self.after))
        return before, after

    @property
    def sentence(self) -> str:
        """The gain with its price."""
        (before, after), equal = self.unfairness, CONSTRAINTS[self.constraint][1]
        gain, low, high = _ends(self.gain)
        price, worst, best = (100 * end for end in _ends(self.accuracy))
        fell = f"by {gain:.3f} ({low:.3f} to {high:.3f})"
        if low <= 0 <= high:
            fell = f"by {gain:.3f}, which may be nothing ({low:.3f} to {high:.3f})"
        cost = f"accuracy changed by {price:+.1f} points ({worst:+.1f} to {best:+.1f})"
        return (
            f"With {self.method} the largest difference of {equal} went from {before.value:.3f} to "
            f"{after.value:.3f}, {fell}; {cost} on {len(self.rows):,} held-out rows."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row a figure: before, after and the change, with intervals."""
        rows = []
        changes = {"accuracy": self.accuracy, "balanced_accuracy": self.balanced_accuracy}
        for name, change in changes.items():
            each = [_ends(a.overall.figures[name]) for a in (self.before, self.after)]
            rows.append([name, *each[0], *each[1], *_ends(change)])
        pair = [(x.value, x.low, x.high) for x in self.unfairness]
        value, low, high = _ends(self.gain)
        rows.append([f"{self.constraint} difference", *pair[0], *pair[1], -value, -high, -low])
        ends = ("", "_low", "_high")
        columns = [f"{what}{end}" for what in ("before", "after", "change") for end in ends]
        return pd.DataFrame(rows, columns=["figure", *columns]).set_index("figure")


def mitigate(
    estimator: Any,
    X: Any,
    y: Any,
    group: Any,
    method: Method = "threshold",
    constraint: Constraint = "equalized_odds",
    *,
    threshold: float = 0.5,
    seed: int = 0,
) -> Mitigation:
    """Make a rate more equal among groups, and say what that costs on held-out rows.

    When to use: to see the price of a constraint before anybody decides for it; which rate should
    be equal, if any, is no question of data. When it fails: thresholds by group treat people with
    the same score differently because of their group, which the law of many places forbids;
    "threshold" and "reductions" decide at random among rules, so the same person may be decided
    about differently another time; with few rows in a group the rates come out equal on the rows
    that chose the thresholds and not on others, which the interval shows. A model that does not
    see the group can follow weights and costs through other columns alone: then reweighing does
    little, and reductions may cost much.

    Parameters
    ----------
    estimator : object or None
        A classifier of scikit-learn's kind, not fitted; None where X is its scores.
    X : array-like or DataFrame of shape (n, features), or scores of shape (n,)
        The rows; leave out the group if the model should not see it. Scores are higher where the
        positive class is more likely.
    y : array-like of shape (n,)
        0 and 1, or truth values.
    group : array-like of shape (n,)
        The group of each row.
    method : {"threshold", "reweighing", "reductions"}, default="threshold"
        For scores "threshold" alone.
    constraint : {"demographic_parity", "equalized_odds", "true_positive_rate_parity", \
"false_positive_rate_parity"}, default="equalized_odds"
        What should be equal. Reweighing acts on selection rates, whatever is judged.
    threshold : float, default=0.5
        Of scores: from which on a row is selected before.
    seed : int, default=0
        Of the parts and of random decisions.

    Returns
    -------
    Mitigation
        Its ``sentence`` has the gain beside the price.

    Raises
    ------
    InputError
        If fairlearn is missing, or the rows do not do for three parts.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> group = rng.integers(0, 2, 4000)
    >>> X = rng.normal(size=(4000, 3)) + group[:, None]
    >>> y = X.sum(axis=1) + rng.normal(size=4000) > 1
    >>> found = mitigate(LogisticRegression(), X, y, group, "reweighing", "demographic_parity")
    >>> before, after = found.unfairness
    >>> after.value < before.value
    True
    """
    _refuse_unknown(method, constraint)
    truth, groups = _binary(y), np.asarray(group).astype(str)
    n = len(truth)
    features = X if hasattr(X, "iloc") else np.asarray(X)
    if not len(features) == len(groups) == n:
        raise InputError(
            f"X has {len(features)} rows, y {n} and group {len(groups)}; give as many."
        )
    of_scores = estimator is None
    if of_scores and (method != "threshold" or np.ndim(features) != 1):
        raise InputError(
            f"mitigate: without an estimator X has to be the scores, of shape (n,), and the method "
            f'"threshold"; here X has the shape {np.shape(features)} and the method is "{method}".'
        )
    learn, choose, judge = _parts(truth, groups, of_scores, seed)
    if of_scores:
        features = np.asarray(features, dtype=np.float64)[:, None]

    def part(rows: NDArray[np.intp]) -> Any:
        return features.iloc[rows] if hasattr(features, "iloc") else features[rows]

    if method != "threshold":  # no thresholds are chosen, so that both learn from two parts
        learn = np.sort(np.concatenate([learn, choose]))
    first = _Scores(threshold) if of_scores else clone(estimator).fit(part(learn), truth[learn])
    before = np.asarray(first.predict(part(judge))).astype(np.int64) == 1
    labels = truth.astype(np.int64)
    if method == "threshold":
        model = _fairlearn("postprocessing").ThresholdOptimizer(
            estimator=_Scores(None) if of_scores else first, constraints=constraint, prefit=True,
            predict_method="predict" if of_scores else "auto",
        )  # fmt: skip
        model.fit(part(choose), labels[choose], sensitive_features=groups[choose])
        said = model.predict(part(judge), sensitive_features=groups[judge], random_state=seed)
    elif method == "reweighing":
        _refuse_weightless(estimator)
        weights = reweighing(truth[learn], groups[learn])
        model = clone(estimator).fit(part(learn), truth[learn], sample_weight=weights)
        said = model.predict(part(judge))
    else:
        reductions = _fairlearn("reductions")
        moment = getattr(reductions, CONSTRAINTS[constraint][2])()
        model = reductions.ExponentiatedGradient(clone(estimator), moment)
        model.fit(part(learn), labels[learn], sensitive_features=groups[learn])
        said = model.predict(part(judge), random_state=seed)
    after = np.asarray(said).astype(np.int64) == 1
    return _compared(
        method, constraint, truth[judge], groups[judge], before, after, judge, model,
        (_told(method, of_scores, len(learn), len(choose), len(judge)),), seed,
    )  # fmt: skip


class _Scores(BaseEstimator):
    """An estimator whose predictions are the scores that it is given, or their decisions."""

    def __init__(self, threshold: float | None) -> None:
        self.threshold = threshold

    def fit(self, X: Any, y: Any = None) -> _Scores:
        """Learn nothing."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the scores, or whether they reach the threshold."""
        scores = np.asarray(X, dtype=np.float64).ravel()
        return scores if self.threshold is None else scores >= self.threshold


def _compared(
    method: Method,
    constraint: Constraint,
    truth: NDArray[np.bool_],
    groups: NDArray[Any],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    rows: NDArray[np.intp],
    model: Any,
    notes: tuple[str, ...],
    seed: int,
) -> Mitigation:
    audits = []
    for name, decisions in (("before", before), ("after", after)):
        p = Predictions(
            name, "binary", truth, None, decisions, ("0", "1"), pd.DataFrame({"group": groups})
        )
        audits.append(audit_predictions(p, ["group"], seed=seed))
    right = [decisions == truth for decisions in (before, after)]

    def change(of: NDArray[np.bool_]) -> Intervals:
        was, is_now = (kind[of] for kind in right)
        return paired_difference([(is_now & ~was).sum()], [(was & ~is_now).sum()], [of.sum()])

    largest = [_largest(audit, constraint) for audit in audits]
    was_worst, is_worst = (
        Intervals(*(np.array([end]) for end in (x.value, x.low, x.high))) for x in largest
    )
    r = _correlation(constraint, largest, truth, groups, before, after)
    return Mitigation(
        method, constraint, audits[0], audits[1], change(np.ones(len(truth), dtype=bool)),
        mean_of([change(truth), change(~truth)]), _gain(was_worst, is_worst, r),
        np.column_stack([before, after]), rows, model, notes,
    )  # fmt: skip


def _gain(before: Intervals, after: Intervals, r: float) -> Intervals:
    """Return the fall of the largest difference.

    A difference that may be 0 is never below it, so it errs in one direction alone, and on that
    side the two errors add up unless both are those of the same decisions.
    """
    plain = difference(before, after, r)
    added = difference(before, after, r - (1 - abs(r)))
    low = np.where(before.low <= 0, added.low, plain.low)
    high = np.where(after.low <= 0, added.high, plain.high)
    return Intervals(plain.values, low, high)


def _correlation(
    constraint: Constraint,
    largest: list[Largest],
    truth: NDArray[np.bool_],
    groups: NDArray[Any],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
) -> float:
    """Return how the differences of two pairs of groups vary together, before and after."""
    names = np.unique(groups)
    of_rows = [_DENOMINATORS[constraint][x.kind](truth) for x in largest]
    signs = [(names[x.highest], names[x.lowest]) for x in largest]
    variances, covariance = [0.0, 0.0], 0.0
    for name in names:
        for k, decisions in enumerate((before, after)):
            if name in signs[k]:
                own = decisions[of_rows[k] & (groups == name)]
                variances[k] += own.var() / len(own)
        if name in signs[0] and name in signs[1]:
            # Rates of other rows do not vary together.
            rows = of_rows[0] & of_rows[1] & (groups == name)
            if rows.any():
                was, is_now = before[rows], after[rows]
                together = float(np.mean(was & is_now) - was.mean() * is_now.mean()) / rows.sum()
                covariance += (
                    together if (name == signs[0][0]) == (name == signs[1][0]) else -together
                )
    spread = np.sqrt(variances[0] * variances[1])
    return float(np.clip(covariance / spread, -1.0, 1.0)) if spread > 0 else 0.0


def _largest(audit: GroupAudit, constraint: Constraint) -> Largest:
    found = audit.by[0].differences[CONSTRAINTS[constraint][0]].largest
    if found is None:
        raise InputError(
            "mitigate: fewer than two groups have 20 held-out rows of either label, so that "
            "nothing can be said of their difference; give more rows or larger groups."
        )
    return found


def _ends(of: Intervals) -> tuple[float, float, float]:
    return float(of.values[0]), float(of.low[0]), float(of.high[0])


def _parts(
    truth: NDArray[np.bool_], groups: NDArray[Any], of_scores: bool, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Divide the rows within each group and label; scores need no rows to learn from."""
    n = len(truth)
    if n < FEWEST_ROWS:
        raise InputError(f"mitigate: {n} rows are too few for three parts; give {FEWEST_ROWS}.")
    shares = np.array([0.0, 0.5, 0.5] if of_scores else PARTS)
    rng = np.random.default_rng(seed)
    _, code = np.unique(groups, return_inverse=True)
    rank = np.empty(n)
    for cell in np.unique(2 * code + truth):
        rows = rng.permutation(np.flatnonzero(2 * code + truth == cell))
        rank[rows] = (np.arange(len(rows)) + rng.random()) / len(rows) % 1
    place = np.searchsorted(np.cumsum(shares)[:-1], rank, side="right")
    learn, choose, judge = (np.flatnonzero(place == k) for k in range(3))
    for name in np.unique(groups):
        for what, rows in (("second", choose), ("third", judge)):
            labels = truth[rows][groups[rows] == name]
            if not (labels.any() and (~labels).any()):
                raise InputError(
                    f'mitigate: the group "{name}" has only {int((groups == name).sum())} rows, so '
                    f"that the {what} part lacks one of the labels; merge it, or leave it out."
                )
    return learn, choose, judge


def _binary(y: Any) -> NDArray[np.bool_]:
    values = np.asarray(y)
    distinct = set(np.unique(values).tolist())
    if distinct != {0, 1}:
        shown = ", ".join(map(str, sorted(distinct, key=str)[:5]))
        raise InputError(f"mitigate: y has to be 0 and 1, both of them; it holds {shown}.")
    return values.astype(bool)


def _told(method: Method, of_scores: bool, learn: int, choose: int, judge: int) -> str:
    if of_scores:
        return f"Thresholds were chosen on {choose:,} rows and judged on {judge:,} others."
    if method == "threshold":
        return (
            f"Fitted on {learn:,} rows, thresholds chosen on {choose:,}, judged on {judge:,} "
            "others. Decisions need the group of each person."
        )
    return f"Fitted on {learn:,} rows, judged on {judge:,} others; no thresholds were chosen."


def _refuse_unknown(method: str, constraint: str) -> None:
    if method not in get_args(Method):
        raise InputError(unknown("method of mitigation", method, get_args(Method)))
    if constraint not in CONSTRAINTS:
        raise InputError(unknown("constraint", constraint, list(CONSTRAINTS)))


def _refuse_weightless(estimator: Any) -> None:
    if "sample_weight" not in inspect.signature(estimator.fit).parameters:
        raise InputError(
            f"mitigate: {type(estimator).__name__}.fit takes no sample_weight, which reweighing "
            'needs; use the method "threshold" or "reductions", or another estimator.'
        )


def _fairlearn(part: str) -> Any:
    try:
        return importlib.import_module(f"fairlearn.{part}")
    except ModuleNotFoundError as error:
        raise InputError(
            "This method is fairlearn's, which is not installed; install further-ml[fairness], or "
            'use the method "reweighing".'
        ) from error
