r"""What is measured of each group: one table of shares of the confusion matrix, and what ranks.

Of the rows of a group, TP are positive and selected, FP negative and selected, FN positive and not
selected, TN neither:

.. math:: \mathrm{FPR} = \frac{FP}{FP + TN}, \quad \mathrm{FNR} = \frac{FN}{FN + TP}, \quad
          \mathrm{PPV} = \frac{TP}{TP + FP}, \quad \mathrm{NPV} = \frac{TN}{TN + FN} .

Given how many rows are in the denominator each is a share with its binomial interval
(:mod:`further.evaluate.share`). Balanced accuracy is the mean of two shares, each of other rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.mean import mean_interval, median_interval
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
#: Shares of one class among several.
OF_A_CLASS: dict[str, tuple[str, str]] = {
    "recall": ("tp", "tp fn"), "ppv": SHARES["ppv"], "selection_rate": SHARES["selection_rate"],
}  # fmt: skip
#: With fewer rows of either label the error rates of a group are known to no better than ±0.25.
LEAST_OF_A_LABEL = 20


@dataclass(frozen=True, eq=False)
class Cells:
    """The confusion matrix of each group, arrays of shape (groups,)."""

    tp: Counts
    fp: Counts
    tn: Counts
    fn: Counts

    @classmethod
    def of(
        cls, truth: NDArray[np.bool_], selected: NDArray[np.bool_], codes: Counts, groups: int
    ) -> Cells:
        """Count the rows of each group by truth and decision."""
        place = codes * 4 + truth * 2 + selected
        tn, fp, fn, tp = np.bincount(place, minlength=4 * groups).reshape(groups, 4).T
        return cls(tp, fp, tn, fn)

    def sum(self, names: str) -> Counts:
        """Return the sum of some cells, named as in "tp fn"."""
        total: Counts = sum(getattr(self, name) for name in names.split())
        return total

    def shares(self, table: dict[str, tuple[str, str]], level: float) -> dict[str, Intervals]:
        """Return shares with their intervals."""
        return {
            name: share_intervals(self.sum(above), self.sum(below), level)
            for name, (above, below) in table.items()
        }


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of the groups of a family."""

    figures: Annotated[dict[str, Intervals], "By metric, at the usual level."]
    adjusted: Annotated[dict[str, Intervals], "At the level that all comparisons together need."]
    small: Annotated[NDArray[np.bool_], "Groups too small to say much, (groups,)."]
    cells: Annotated[Cells | None, "Of two classes."] = None
    of_classes: Annotated[dict[str, Cells] | None, "Each of several classes against the rest."] = (
        None
    )
    curves: Annotated[list[CalibrationCurve] | None, "Where scores are probabilities."] = None
    counts: Annotated[list[ScoreCounts] | None, "Of two classes, where there are scores."] = None


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
    return _of_numbers(predictions, family, level)


def _of_two_classes(p: Predictions, family: Family, level: float) -> Measured:
    n, codes = len(family.groups), family.codes
    assert p.decisions is not None
    cells = Cells.of(p.truth, p.decisions, codes, n)
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
        return found

    few = np.minimum(cells.sum("tp fn"), cells.sum("fp tn")) < LEAST_OF_A_LABEL
    return Measured(at(LEVEL), at(level), few, cells=cells, curves=curves, counts=counts)


def _of_classes(p: Predictions, family: Family, level: float) -> Measured:
    n, codes = len(family.groups), family.codes
    assert p.decisions is not None
    each = {
        name: Cells.of(p.truth == k, p.decisions == k, codes, n) for k, name in enumerate(p.classes)
    }
    right = np.bincount(codes, p.truth == p.decisions, n)
    rows = family.rows()
    counts = {}
    if p.scores is not None:
        counts = {
            name: score_counts(p.scores[:, k], p.truth == k, codes, n)
            for k, name in enumerate(p.classes)
        }

    def at(level: float) -> dict[str, Intervals]:
        shares = {name: cells.shares(OF_A_CLASS, level) for name, cells in each.items()}
        found = {"accuracy": share_intervals(right, rows, level)}
        found["balanced_accuracy"] = _mean_of_known([of["recall"] for of in shares.values()])
        for name, of in shares.items():
            found |= {f"{metric}:{name}": figure for metric, figure in of.items()}
        for name, of_groups in counts.items():
            areas = [area_under_curve(c.positives, c.negatives, level) for c in of_groups]
            found[f"auc:{name}"] = _stacked(areas)
        return found

    return Measured(at(LEVEL), at(level), rows < 2 * LEAST_OF_A_LABEL, of_classes=each)


def _of_numbers(p: Predictions, family: Family, level: float) -> Measured:
    assert p.scores is not None
    errors = _by_group(p.scores - p.truth, family)

    def at(level: float) -> dict[str, Intervals]:
        squares = _stacked([mean_interval(np.square(e), level) for e in errors])
        return {
            "mean_error": _stacked([mean_interval(e, level) for e in errors]),
            "mae": _stacked([mean_interval(np.abs(e), level) for e in errors]),
            "rmse": Intervals(*(
                np.sqrt(np.maximum(end, 0)) for end in (squares.values, squares.low, squares.high)
            )),
            "median_absolute_error": _stacked([median_interval(np.abs(e), level) for e in errors]),
        }  # fmt: skip

    return Measured(at(LEVEL), at(level), family.rows() < LEAST_OF_A_LABEL)


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
