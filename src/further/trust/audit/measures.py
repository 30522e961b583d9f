r"""What is measured of each group: one table of shares of the confusion matrix, and what ranks.

Of the rows of a group, TP are positive and selected, FP negative and selected, FN positive and not
selected, TN neither:

.. math:: \mathrm{FPR} = \frac{FP}{FP + TN}, \quad \mathrm{FNR} = \frac{FN}{FN + TP}, \quad
          \mathrm{PPV} = \frac{TP}{TP + FP}, \quad \mathrm{NPV} = \frac{TN}{TN + FN} .

Given how many rows are in the denominator each is a share with its binomial interval
(:mod:`further.evaluate.share`). Balanced accuracy is the mean of two shares, each of other rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.clustered_share import clustered_share_intervals
from further.evaluate.mean import clustered_mean_interval, mean_interval, median_interval
from further.evaluate.ranking import Ranked, area_under_curve, average_precision
from further.evaluate.recovery import mean_of
from further.evaluate.resampling import LEVEL
from further.evaluate.share import Intervals, share_intervals
from further.trust.audit.calibration import (
    CalibrationCurve,
    calibration_curves,
    calibration_error,
)
from further.trust.audit.groups import Family
from further.trust.audit.predictions import Predictions
from further.trust.audit.score_counts import ScoreCounts, score_counts

Counts = NDArray[np.int64]

#: Each share: the cells of the confusion matrix above and below the line.
SHARES: dict[str, tuple[str, str]] = {
    "base_rate": ("tp fn", "tp fp tn fn"),
    "selection_rate": ("tp fp", "tp fp tn fn"),
    "fpr": ("fp", "fp tn"),
    "fnr": ("fn", "fn tp"),
    "ppv": ("tp", "tp fp"),
    "npv": ("tn", "tn fn"),
    "accuracy": ("tp tn", "tp fp tn fn"),
}
#: What is measured of objects, of which nobody knows how often none was rightly seen.
OF_OBJECTS = {name: SHARES[name] for name in ("fnr", "ppv")}
_CODES = {"tn": 0, "fp": 1, "fn": 2, "tp": 3}
#: Shares of one class among several.
OF_A_CLASS: dict[str, tuple[str, str]] = {
    "recall": ("tp", "tp fn"), "ppv": SHARES["ppv"], "selection_rate": SHARES["selection_rate"],
}  # fmt: skip
#: With fewer rows of either label the error rates of a group are known to no better than ±0.25.
LEAST_OF_A_LABEL = 20


@dataclass(frozen=True, eq=False)
class Cells:
    """The confusion matrix of each group, arrays of shape (groups,)."""

    tp: Annotated[Counts, "Positive and selected."]
    fp: Annotated[Counts, "Negative and selected."]
    tn: Annotated[Counts, "Neither."]
    fn: Annotated[Counts, "Positive and not selected."]
    rows: Annotated[
        tuple[Counts, Counts, Counts] | None,
        "Cell, group and cluster of each row, where rows depend on each other.",
    ] = None

    @classmethod
    def of(
        cls,
        truth: NDArray[np.bool_],
        selected: NDArray[np.bool_],
        codes: Counts,
        groups: int,
        clusters: Counts | None = None,
    ) -> Cells:
        """Count the rows of each group by truth and decision.

        Parameters
        ----------
        truth, selected : array of bool, shape (n,)
            Which rows are positive, and which are selected.
        codes : array of int, shape (n,)
            The group of each row.
        groups : int
            Number of groups.
        clusters : array of int, shape (n,), optional
            Rows with the same number depend on each other.

        Returns
        -------
        Cells
            Counts.
        """
        cell = truth * 2 + selected
        counts = np.bincount(codes * 4 + cell, minlength=4 * groups).reshape(groups, 4).T
        tn, fp, fn, tp = counts
        return cls(tp, fp, tn, fn, None if clusters is None else (cell, codes, clusters))

    def sum(self, names: str) -> Counts:
        """Return the sum of some cells, named as in "tp fn"."""
        total: Counts = sum(getattr(self, name) for name in names.split())
        return total

    def shares(self, table: dict[str, tuple[str, str]], level: float) -> dict[str, Intervals]:
        """Return shares with their intervals.

        Parameters
        ----------
        table : dict
            Each share: the cells above and below the line.
        level : float
            Of the intervals.

        Returns
        -------
        dict
            By name.
        """
        if self.rows is None:
            return {
                name: share_intervals(self.sum(above), self.sum(below), level)
                for name, (above, below) in table.items()
            }
        cell, codes, clusters = self.rows

        def within(names: str) -> NDArray[np.bool_]:
            return np.isin(cell, [_CODES[name] for name in names.split()])

        return {
            name: clustered_share_intervals(
                within(above), within(below), codes, clusters, len(self.tp), level
            )
            for name, (above, below) in table.items()
        }


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of the groups of a family."""

    at: Annotated[Callable[[float], dict[str, Intervals]], "Figures by metric, at any level."]
    level: Annotated[float, "The level at which all comparisons of one figure hold together."]
    small: Annotated[NDArray[np.bool_], "Groups too small to say much, (groups,)."]
    cells: Annotated[Cells | None, "Of two classes."] = None
    of_classes: Annotated[dict[str, Cells] | None, "Each of several classes against the rest."] = (
        None
    )
    curves: Annotated[list[CalibrationCurve] | None, "Where scores are probabilities."] = None
    counts: Annotated[list[ScoreCounts] | None, "Of two classes, where there are scores."] = None

    @cached_property
    def figures(self) -> dict[str, Intervals]:
        """Figures by metric, at the usual level."""
        return self.at(LEVEL)

    @cached_property
    def adjusted(self) -> dict[str, Intervals]:
        """Figures by metric, at the level that all comparisons of one together need."""
        return self.at(self.level)

    def comparable(self, name: str, level: float = LEVEL) -> Intervals:
        """Return a figure of the groups that can be compared; of others it is not defined.

        Parameters
        ----------
        name : str
            The metric.
        level : float, default=0.95
            Of the intervals.

        Returns
        -------
        Intervals
            NaN where a group is small or has no interval.
        """
        of = (self.figures if level == LEVEL else self.at(level))[name]
        kept = ~self.small & np.isfinite(of.low) & np.isfinite(of.high)
        return Intervals(*(np.where(kept, end, np.nan) for end in (of.values, of.low, of.high)))


def measure(predictions: Predictions, family: Family, level: float) -> Measured:
    """Measure the groups of a family.

    Parameters
    ----------
    predictions : Predictions
        The rows.
    family : Family
        Their groups.
    level : float
        The level of the adjusted intervals.

    Returns
    -------
    Measured
        At 95 % and at that level.
    """
    if predictions.kind == "binary":
        return _of_two_classes(predictions, family, level)
    if predictions.kind == "classes":
        return _of_classes(predictions, family, level)
    if predictions.kind == "objects":
        return _of_objects(predictions, family, level)
    return _of_numbers(predictions, family, level)


def _of_two_classes(p: Predictions, family: Family, level: float) -> Measured:
    n, codes = len(family.groups), family.codes
    assert p.decisions is not None
    cells = Cells.of(p.truth, p.decisions, codes, n, p.clusters)
    counts = curves = None
    if p.scores is not None:
        counts = score_counts(p.scores, p.truth, codes, n, p.by_score)
    gaps: list[NDArray[np.float64]] = []
    if p.are_probabilities:
        assert p.scores is not None
        curves = calibration_curves(p.scores, p.truth, codes, n)
        gaps = _by_group(p.scores - p.truth, family)

    def at(level: float) -> dict[str, Intervals]:
        shares = cells.shares(SHARES, level)
        recalls = [_complement(shares[error]) for error in ("fpr", "fnr")]
        found = {**shares, "balanced_accuracy": mean_of(recalls)}
        if counts is not None:
            of_scores: dict[str, Callable[..., Ranked]] = {
                "auc": area_under_curve, "average_precision": average_precision,
            }  # fmt: skip
            for name, figure in of_scores.items():
                found[name] = _stacked([figure(c.positives, c.negatives, level) for c in counts])
        if curves is not None:
            found["calibration_error"] = _stacked([calibration_error(c, level) for c in curves])
            found["calibration_in_the_large"] = _stacked([mean_interval(g, level) for g in gaps])
        known = (*SHARES, "balanced_accuracy")
        return found if p.clusters is None else _without_intervals(found, known)

    few = np.minimum(cells.sum("tp fn"), cells.sum("fp tn")) < LEAST_OF_A_LABEL
    return Measured(at, level, few, cells=cells, curves=curves, counts=counts)


def _without_intervals(found: dict[str, Intervals], but: Collection[str]) -> dict[str, Intervals]:
    """Return figures of which only some know how to deal with rows that depend on each other."""
    nothing = np.full_like(next(iter(found.values())).values, np.nan)
    return {
        name: of if name in but else Intervals(of.values, nothing, nothing)
        for name, of in found.items()
    }


def _of_objects(p: Predictions, family: Family, level: float) -> Measured:
    assert p.decisions is not None
    cells = Cells.of(p.truth, p.decisions, family.codes, len(family.groups), p.clusters)
    few = cells.sum("tp fn") < LEAST_OF_A_LABEL
    return Measured(lambda level: cells.shares(OF_OBJECTS, level), level, few, cells=cells)


def _of_classes(p: Predictions, family: Family, level: float) -> Measured:
    n, codes = len(family.groups), family.codes
    assert p.decisions is not None
    each = {
        name: Cells.of(p.truth == k, p.decisions == k, codes, n, p.clusters)
        for k, name in enumerate(p.classes)
    }
    # Right and wrong, as if the one were to be selected.
    is_right = p.truth == p.decisions
    right = Cells.of(is_right, np.ones_like(is_right), codes, n, p.clusters)
    rows = family.rows()
    counts = {}
    if p.scores is not None:
        counts = {
            name: score_counts(p.scores[:, k], p.truth == k, codes, n)
            for k, name in enumerate(p.classes)
        }

    def at(level: float) -> dict[str, Intervals]:
        shares = {name: cells.shares(OF_A_CLASS, level) for name, cells in each.items()}
        found = {"accuracy": right.shares({"accuracy": SHARES["accuracy"]}, level)["accuracy"]}
        found["balanced_accuracy"] = _mean_of_known([of["recall"] for of in shares.values()])
        for name, of in shares.items():
            found |= {f"{metric}:{name}": figure for metric, figure in of.items()}
        for name, of_groups in counts.items():
            areas = [area_under_curve(c.positives, c.negatives, level) for c in of_groups]
            found[f"auc:{name}"] = _stacked(areas)
        kept = [name for name in found if not name.startswith("auc:")]
        return found if p.clusters is None else _without_intervals(found, kept)

    return Measured(at, level, rows < LEAST_OF_A_LABEL, of_classes=each)


def _of_numbers(p: Predictions, family: Family, level: float) -> Measured:
    assert p.scores is not None
    errors = _by_group(p.scores - p.truth, family)
    clusters = None if p.clusters is None else _by_group(p.clusters, family)

    def means(of: list[NDArray[np.float64]], level: float) -> Intervals:
        if clusters is None:
            return _stacked([mean_interval(e, level) for e in of])
        pairs = zip(of, clusters, strict=True)
        return _stacked([clustered_mean_interval(e, c.astype(int), level) for e, c in pairs])

    def at(level: float) -> dict[str, Intervals]:
        sizes, squares = (
            _at_least_0(means([size(e) for e in errors], level)) for size in (np.abs, np.square)
        )
        found = {
            "mean_error": means(errors, level),
            "mae": sizes,
            "rmse": Intervals(*map(np.sqrt, (squares.values, squares.low, squares.high))),
            "median_absolute_error": _stacked([median_interval(np.abs(e), level) for e in errors]),
        }
        return found if clusters is None else _without_intervals(found, (*found,)[:3])

    return Measured(at, level, family.rows() < LEAST_OF_A_LABEL)


def _at_least_0(of: Intervals) -> Intervals:
    return Intervals(of.values, np.maximum(of.low, 0.0), of.high)


def _by_group(values: NDArray[Any], family: Family) -> list[NDArray[np.float64]]:
    order = np.argsort(family.codes.astype(np.uint16), kind="stable")
    return np.split(values[order], np.cumsum(family.rows())[:-1])


def _stacked(of_groups: list[Ranked]) -> Intervals:
    return Intervals(*(np.array(end, dtype=np.float64) for end in zip(*of_groups, strict=True)))


def _complement(of: Intervals) -> Intervals:
    return Intervals(1 - of.values, 1 - of.high, 1 - of.low)


def _mean_of_known(recalls: list[Intervals]) -> Intervals:
    """Return the mean over the classes that a group has rows of, group by group."""
    groups = len(recalls[0].values)
    found = []
    for g in range(groups):
        known = [of[[g]] for of in recalls if np.isfinite(of.values[g])]
        mean = mean_of(known) if known else recalls[0][[g]]
        found.append(Ranked(mean.values[0], mean.low[0], mean.high[0]))
    return _stacked(found)
