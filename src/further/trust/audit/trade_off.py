r"""What a threshold does to each group, and what it would take to make one rate equal.

At the threshold t the rows with a score of at least t are selected. Raising it trades false
positives for false negatives, in every group along a curve of its own. A *rule* picks a threshold:

* fixed: the same score for all, as given;
* cost: the same score for all, with the least :math:`FP + c \cdot FN`, where a false negative costs
  c times a false positive;
* equal FPR, equal FNR, equal selection: one threshold a group, each with the rate of the group that
  is nearest to the wanted one. Scores are finite, so rates come out nearly equal, not equal; which
  people are treated by which score then depends on their group, which the law may forbid.

What a rule does is told in people per 1,000 of each group. Thresholds are picked on the rows on
which they are shown; :func:`checked` picks on one half and counts on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError, unknown
from further.evaluate.resampling import LEVEL
from further.evaluate.share import finite_or_none
from further.trust.audit.comparison import Compared
from further.trust.audit.groups import Family, named
from further.trust.audit.measures import SHARES, Cells
from further.trust.audit.predictions import Predictions
from further.trust.audit.score_counts import ScoreCounts, score_counts

Rule = Literal["fixed", "cost", "equal_fpr", "equal_fnr", "equal_selection"]
Floats = NDArray[np.float64]

RULES: dict[Rule, str] = {
    "fixed": "one threshold for all",
    "cost": "one threshold for all, at the least cost",
    "equal_fpr": "the same false positive rate in each group",
    "equal_fnr": "the same false negative rate in each group",
    "equal_selection": "the same share selected in each group",
}
#: More thresholds are not told apart by an eye.
MOST_THRESHOLDS = 200
#: Wanted rates and costs at which a page looks up what a rule picks.
_RATES = np.linspace(0.0, 1.0, 101)
_COSTS = np.array([0.1, 0.2, 0.25, 1 / 3, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0])


@dataclass(frozen=True, eq=False)
class Choice:
    """The thresholds that a rule picks."""

    rule: Annotated[Rule, "How."]
    wanted: Annotated[float, "The score, the cost of a false negative, or the rate."]
    thresholds: Annotated[Floats, "Of each group."]


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Counts of the groups by one column at each of some thresholds."""

    family: Annotated[Family, "The groups."]
    thresholds: Annotated[Floats, "Ascending; the last selects nobody; (thresholds,)."]
    tp: Annotated[Floats, "Positive rows at or above each, (groups, thresholds)."]
    fp: Annotated[Floats, "Negative rows likewise."]
    positives: Annotated[Floats, "Positive rows of each group."]
    negatives: Annotated[Floats, "Negative ones."]

    def rates(self, rule: Rule) -> Floats:
        """Return the rate that a rule makes equal, (groups, thresholds); NaN without rows."""
        with np.errstate(invalid="ignore"):
            if rule == "equal_fpr":
                return self.fp / self.negatives[:, None]
            if rule == "equal_fnr":
                return 1 - self.tp / self.positives[:, None]
            return (self.tp + self.fp) / (self.positives + self.negatives)[:, None]

    def picks(self, rule: Rule, wanted: float) -> NDArray[np.int64]:
        """Return the place of the threshold that a rule picks for each group.

        Parameters
        ----------
        rule, wanted
            See :meth:`choose`.

        Returns
        -------
        array of int, shape (groups,)
            In :attr:`thresholds`.
        """
        if rule == "fixed":
            place = int(np.searchsorted(self.thresholds, wanted))
            return np.full(len(self.tp), min(place, len(self.thresholds) - 1))
        if rule == "cost":
            missed = self.positives.sum() - self.tp.sum(axis=0)
            return np.full(len(self.tp), int(np.argmin(self.fp.sum(axis=0) + wanted * missed)))
        off = np.abs(self.rates(rule) - wanted)
        unknown = self.without_rate(rule)
        picked: NDArray[np.int64] = np.where(np.isnan(off), np.inf, off).argmin(axis=1)
        if unknown.any() and not unknown.all():
            # Whose rate nobody knows is treated as all together would be.
            sums = (x.sum(axis=0, keepdims=True) for x in (self.tp, self.fp))
            totals = (x.sum(keepdims=True) for x in (self.positives, self.negatives))
            everybody = TradeOff(self.family, self.thresholds, *sums, *totals)
            picked[unknown] = everybody.picks(rule, wanted)[0]
        return picked

    def without_rate(self, rule: Rule) -> NDArray[np.bool_]:
        """Return which groups have no rows of the label that a rule's rate is of.

        Parameters
        ----------
        rule : str
            As of :meth:`choose`.

        Returns
        -------
        array of bool, shape (groups,)
            They get the threshold that all rows together would get.
        """
        of = {"equal_fpr": self.negatives, "equal_fnr": self.positives}
        rows = of.get(rule, self.positives + self.negatives)
        none: NDArray[np.bool_] = rows == 0 if rule.startswith("equal") else rows < 0
        return none

    def choose(self, rule: Rule, wanted: float) -> Choice:
        """Return the thresholds that a rule picks.

        Parameters
        ----------
        rule : {"fixed", "cost", "equal_fpr", "equal_fnr", "equal_selection"}
            How.
        wanted : float
            The score, the cost of a false negative in false positives, or the rate.

        Returns
        -------
        Choice
            A threshold a group, infinite where nobody is selected; of "fixed" the one given.
        """
        if rule == "fixed":
            return Choice(rule, wanted, np.full(len(self.tp), wanted))
        thresholds = np.append(self.thresholds[:-1], np.inf)
        return Choice(rule, wanted, thresholds[self.picks(rule, wanted)])

    def to_json(self) -> dict[str, Any]:
        """Return the counts, and what each rule picks for each wanted value."""
        wanted = {rule: _COSTS if rule == "cost" else _RATES for rule in RULES if rule != "fixed"}
        return {
            "by": list(self.family.columns),
            "groups": [named(group) for group in self.family.groups],
            "positives": self.positives.tolist(), "negatives": self.negatives.tolist(),
            "thresholds": self.thresholds.tolist(),
            "tp": self.tp.astype(int).tolist(), "fp": self.fp.astype(int).tolist(),
            "rules": {
                rule: {
                    "label": RULES[rule], "wanted": values.tolist(),
                    "picks": [self.picks(rule, value).tolist() for value in values],
                }
                for rule, values in wanted.items()
            },
        }  # fmt: skip


def trade_off(compared: Compared) -> TradeOff:
    """Count the groups by one column at each threshold.

    Parameters
    ----------
    compared : Compared
        Groups by a column, of two classes with scores.

    Returns
    -------
    TradeOff
        At every distinct score, or at 200 quantiles of them.
    """
    assert compared.measured.counts is not None
    return trade_off_of(compared.family, compared.measured.counts)


def trade_off_of(family: Family, counts: list[ScoreCounts]) -> TradeOff:
    """Count groups at each threshold.

    Parameters
    ----------
    family : Family
        The groups.
    counts : list of ScoreCounts
        Of each.

    Returns
    -------
    TradeOff
        As of :func:`trade_off`.
    """
    distinct = np.unique(np.concatenate([of.scores for of in counts]))
    if len(distinct) > MOST_THRESHOLDS:
        places = np.linspace(0, len(distinct) - 1, MOST_THRESHOLDS).round().astype(int)
        distinct = distinct[places]
    beyond = np.nextafter(distinct[-1], np.inf)
    thresholds = np.append(distinct, beyond)
    tp, fp = (np.zeros((len(counts), len(thresholds))) for _ in range(2))
    for g, of in enumerate(counts):
        # Scores descend: the first so many are at least t.
        above = np.searchsorted(-of.scores, -thresholds, side="right")
        tp[g] = np.concatenate([[0.0], np.cumsum(of.positives)])[above]
        fp[g] = np.concatenate([[0.0], np.cumsum(of.negatives)])[above]
    positives = np.array([of.positives.sum() for of in counts])
    negatives = np.array([of.negatives.sum() for of in counts])
    return TradeOff(family, thresholds, tp, fp, positives, negatives)


def read_rule(text: str) -> tuple[Rule, float]:
    """Return the rule of ``equal-fpr=0.2``, ``cost=5`` or ``0.6``, a fixed score.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    rule, wanted
        See :meth:`TradeOff.choose`.

    Raises
    ------
    InputError
        If it is no rule, or the number does not fit it.

    Examples
    --------
    >>> read_rule("equal-fpr=0.2"), read_rule("5")
    (('equal_fpr', 0.2), ('fixed', 5.0))
    """
    name, equals, value = text.rpartition("=")
    rule = name.strip().lower().replace("-", "_") if equals else "fixed"
    if rule not in RULES:
        raise InputError(unknown("rule for thresholds", rule, [r.replace("_", "-") for r in RULES]))
    try:
        wanted = float(value)
    except ValueError:
        wanted = float("nan")
    if not np.isfinite(wanted):
        raise InputError(f'"{text}": "{value}" is no number; write {rule.replace("_", "-")}=0.2.')
    if rule.startswith("equal") and not 0 <= wanted <= 1:
        raise InputError(f'"{text}": a rate lies between 0 and 1.')
    if rule == "cost" and wanted <= 0:
        raise InputError(f'"{text}": a false negative costs more than nothing.')
    return rule, wanted


def effect(predictions: Predictions, family: Family, thresholds: Floats) -> list[dict[str, Any]]:
    """Return what thresholds do to each group.

    Parameters
    ----------
    predictions : Predictions
        Rows of two classes with scores.
    family : Family
        Their groups.
    thresholds : array of shape (groups,)
        Of each group.

    Returns
    -------
    list of dict
        A record a group: its threshold, counts in people per 1,000, and rates with intervals.
    """
    assert predictions.scores is not None
    selected = predictions.scores >= thresholds[family.codes]
    p = predictions
    cells = Cells.of(p.truth, selected, family.codes, len(family.groups), p.clusters)
    shares = cells.shares(SHARES, LEVEL)
    rows = np.maximum(family.rows(), 1)
    return [
        {
            "group": group, "threshold": finite_or_none(thresholds[g]), "n": int(family.rows()[g]),
            "per_1000": {
                name: float(1000 * getattr(cells, name)[g] / rows[g])
                for name in ("tp", "fp", "tn", "fn")
            },
            "metrics": {name: of.to_json(g) for name, of in shares.items()},
        }
        for g, group in enumerate(family.groups)
    ]  # fmt: skip


def checked(
    predictions: Predictions, family: Family, rule: Rule, wanted: float, seed: int = 0
) -> list[dict[str, Any]]:
    """Return what a rule does to rows on which its thresholds were not picked.

    Parameters
    ----------
    predictions, family
        The rows and their groups.
    rule, wanted
        See :meth:`TradeOff.choose`.
    seed : int
        Of the halves.

    Returns
    -------
    list of dict
        As :func:`effect` returns them, of the second half, with thresholds from the first.
    """
    assert predictions.scores is not None
    # Rows of one cluster stay in one half.
    n = len(predictions.truth)
    units = np.arange(n) if predictions.clusters is None else predictions.clusters
    order = np.random.default_rng(seed).permutation(int(units.max()) + 1)
    first = order[units] < len(order) // 2
    picking, judging = family.take(first), family.take(~first)
    counts = score_counts(
        predictions.scores[first], predictions.truth[first], picking.codes, len(family.groups)
    )
    choice = trade_off_of(picking, counts).choose(rule, wanted)
    return effect(predictions.take(~first), judging, choice.thresholds)
