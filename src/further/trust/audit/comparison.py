"""How far groups differ: the largest difference of each figure, and every group beside a reference.

A group that is too small takes no part in the largest difference, since its wide interval would
be all that the largest one says; beside the reference it stands with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from further.evaluate.largest import Largest, largest_difference, smallest_ratio
from further.evaluate.recovery import difference, ratio
from further.evaluate.share import Intervals, finite_or_none
from further.trust.audit.groups import Family
from further.trust.audit.measures import Measured

#: What is a maximum over several figures.
EQUALIZED_ODDS = "equalized_odds"
#: Figures that may be negative have no ratio.
_SIGNED = ("calibration_in_the_large", "mean_error")


@dataclass(frozen=True, eq=False)
class Beside:
    """Each group beside the reference: the figure of the group minus, or over, the reference's."""

    plain: Annotated[Intervals, "At the usual level, one at a time."]
    adjusted: Annotated[Intervals, "At a level that holds for all groups together (Bonferroni)."]
    nothing: Annotated[float, "Where there is no difference: 0, or 1 for a ratio."]

    @property
    def differs(self) -> np.ndarray:
        """Which groups differ from the reference when all are counted."""
        low, high = self.adjusted.low, self.adjusted.high
        return np.asarray((low > self.nothing) | (high < self.nothing))


@dataclass(frozen=True, eq=False)
class Comparison:
    """One figure compared among the groups of a family."""

    largest: Annotated[Largest | None, "The largest difference, or the smallest ratio."]
    beside: Annotated[Beside | None, "Each group beside the reference; None of a maximum."] = None


@dataclass(frozen=True, eq=False)
class Compared:
    """All figures compared among the groups of a family."""

    family: Annotated[Family, "The groups."]
    measured: Annotated[Measured, "Their figures."]
    reference: Annotated[int, "The group that the others stand beside."]
    differences: Annotated[dict[str, Comparison], "By metric."]
    ratios: Annotated[dict[str, Comparison], "By metric."]

    def to_json(self, of: str, metric: str) -> dict[str, Any]:
        """Return the differences or ratios of a metric in this family.

        Parameters
        ----------
        of : {"differences", "ratios"}
            Which.
        metric : str
            Its name.

        Returns
        -------
        dict
            Plain JSON.
        """
        compared: Comparison = getattr(self, of)[metric]
        groups = self.family.groups
        record: dict[str, Any] = {"by": list(self.family.columns)}
        top = compared.largest
        if top is not None:
            record |= {
                "value": top.value, "low": top.low, "high": finite_or_none(top.high),
                "highest": groups[top.highest], "lowest": groups[top.lowest],
            }  # fmt: skip
        else:
            record |= {"value": None, "low": None, "high": None}
        if compared.beside is not None:
            one, all_together = compared.beside.plain, compared.beside.adjusted
            record["reference"] = groups[self.reference]
            record["groups"] = [
                {
                    "group": group, **one.to_json(g),
                    "low_adjusted": finite_or_none(all_together.low[g]),
                    "high_adjusted": finite_or_none(all_together.high[g]),
                    "differs": bool(compared.beside.differs[g]),
                }
                for g, group in enumerate(groups) if g != self.reference
            ]  # fmt: skip
        return record


def compare(family: Family, measured: Measured, reference: int, seed: int = 0) -> Compared:
    """Compare all figures among the groups of a family.

    Parameters
    ----------
    family : Family
        The groups.
    measured : Measured
        Their figures.
    reference : int
        The group that the others stand beside.
    seed : int
        Of draws.

    Returns
    -------
    Compared
        Differences and ratios.
    """
    figures, adjusted = measured.figures, measured.adjusted
    differences: dict[str, Comparison] = {}
    ratios: dict[str, Comparison] = {}
    for name, of in figures.items():
        kept = measured.comparable(name)
        at = slice(reference, reference + 1)
        differences[name] = Comparison(
            largest_difference([kept], seed),
            Beside(difference(of, of[at]), difference(adjusted[name], adjusted[name][at]), 0.0),
        )
        if name not in _SIGNED:
            ratios[name] = Comparison(
                smallest_ratio([kept], seed),
                Beside(ratio(of, of[at]), ratio(adjusted[name], adjusted[name][at]), 1.0),
            )
    if "fpr" in figures:
        fpr, fnr = (measured.comparable(name) for name in ("fpr", "fnr"))
        tpr = Intervals(1 - fnr.values, 1 - fnr.high, 1 - fnr.low)
        differences[EQUALIZED_ODDS] = Comparison(largest_difference([fpr, fnr], seed))
        ratios[EQUALIZED_ODDS] = Comparison(smallest_ratio([fpr, tpr], seed))
    return Compared(family, measured, reference, differences, ratios)


def reference_of(family: Family, wanted: Sequence[tuple[str, str]] = ()) -> int:
    """Return the group that others stand beside: the one asked for, else the largest.

    Parameters
    ----------
    family : Family
        The groups.
    wanted : sequence of (str, str)
        Columns with the value that the reference has.

    Returns
    -------
    int
        Its place.
    """
    rows = family.rows()
    asked = dict(wanted)
    fits = [
        g for g, group in enumerate(family.groups)
        if all(asked.get(column, value) == value for column, value in group.items())
    ]  # fmt: skip
    return max(fits or range(len(rows)), key=lambda g: rows[g])
