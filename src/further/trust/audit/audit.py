"""An audit: what a model does to each group of people, with intervals, from its predictions alone.

Any model's, of any framework: a table with the truth, what was predicted and who the rows are
suffices. Nothing is learnt and no model is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from further.data.preparation.columns import nearest
from further.errors import InputError
from further.evaluate.resampling import LEVEL
from further.evaluate.share import METHOD as SHARES_METHOD
from further.trust.audit.comparison import Compared, compare, reference_of
from further.trust.audit.groups import Family, families, named
from further.trust.audit.headline import headline
from further.trust.audit.impossibility import Impossibility, impossibility
from further.trust.audit.measures import LEAST_OF_A_LABEL, Measured, measure
from further.trust.audit.paradox import Paradox, accuracy_paradox
from further.trust.audit.predictions import Predictions
from further.trust.audit.representation import Representation, represent
from further.trust.audit.slices import Slices, find_slices
from further.trust.audit.trade_off import TradeOff, trade_off

if TYPE_CHECKING:
    import pandas as pd

METHODS = {
    "shares": SHARES_METHOD,
    "rows that depend on each other": "shares and means by the variance between clusters (Korn and "
    "Graubard); other figures have no interval",
    "auc": "DeLong with Student's t on log-odds; below 100 rows the wider of it and Newcombe's",
    "average_precision": "infinitesimal jackknife, from 20 positive and 100 rows on; it holds the "
    "truth in 88 of 100, not 95, where positive scores spread far less than negative ones",
    "calibration_error": "bins of equally many rows; lower end corrected for the signs of gaps",
    "mean errors": "Hall's transformation of Student's t, from 20 rows on",
    "median_absolute_error": "exact, by order statistics",
    "differences and ratios": "from the intervals of both groups (MOVER)",
    "largest difference": "over pairs of groups that are not small; lower end corrected for the "
    "search",
    "adjusted": "Bonferroni over the groups beside the reference, within one figure and column",
    "sentence": "Bonferroni over the columns and the figures that it may name",
}


@dataclass(frozen=True, eq=False)
class GroupAudit:
    """What was found of each group.

    Attributes
    ----------
    predictions : Predictions
        The rows.
    overall : Measured
        All rows as one group.
    by : tuple of Compared
        Groups by each column, and by all of them at once.
    paradox : Paradox or None
        How accuracy compares with that of a constant.
    representation : tuple of Representation
        Who the rows are, by each column.
    impossible : tuple of Impossibility
        What no threshold gives, with the figures of these groups.
    trade_offs : tuple of TradeOff
        What each threshold does to each group, where there are scores.
    slices : Slices or None
        Where the model is wrong that nobody named, if it was asked for.
    run : str or None
        Where the record and the report are.
    decision : dict or None
        Who chose the threshold, and why.
    notes : tuple of str
        What was recognised and decided.
    """

    predictions: Predictions
    overall: Measured
    by: tuple[Compared, ...]
    paradox: Paradox | None = None
    representation: tuple[Representation, ...] = ()
    impossible: tuple[Impossibility, ...] = ()
    trade_offs: tuple[TradeOff, ...] = ()
    slices: Slices | None = None
    run: str | None = None
    decision: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    sentence: Annotated[str, "The answer."] = field(init=False)

    def __post_init__(self) -> None:
        said = headline(self.predictions, self.paradox, self.single)
        if not self.by and self.slices is not None:
            said = f"{said} {self.slices.sentence}".strip()
        object.__setattr__(self, "sentence", said)

    @property
    def single(self) -> tuple[Compared, ...]:
        """Groups by one column."""
        return tuple(compared for compared in self.by if len(compared.family.columns) == 1)

    def to_json(self) -> dict[str, Any]:
        """Return the audit as ``further audit --json`` writes it."""
        p = self.predictions
        everybody = Family((), ({},), np.zeros(len(p.truth), dtype=np.int64))
        return {
            "run": self.run,
            "data": p.name,
            "model": p.model,
            "kind": p.kind,
            "n": len(p.truth),
            "classes": list(p.classes),
            "positive": p.classes[1] if p.kind == "binary" else None,
            "threshold": p.threshold,
            "decision": self.decision,
            "sentence": self.sentence,
            "paradox": None if self.paradox is None else self.paradox.to_json(),
            "overall": group_records(everybody, self.overall)[0],
            "groups": [record for c in self.by for record in group_records(c.family, c.measured)],
            "differences": self._compared("differences"),
            "ratios": self._compared("ratios"),
            "representation": [one.to_json() for one in self.representation],
            "impossibility": [one.to_json() for one in self.impossible],
            "trade_offs": [one.to_json() for one in self.trade_offs],
            "slices": [] if self.slices is None else self.slices.to_json()["slices"],
            "slice_search": None if self.slices is None else self.slices.to_json(),
            "methods": METHODS,
            "notes": list(self.notes),
        }

    def _compared(self, of: str) -> dict[str, Any]:
        """Return differences or ratios by metric: those by the first column, then by others."""
        if not self.by:
            return {}
        first, *more = self.by
        return {
            metric: {**first.to_json(of, metric), "more": [c.to_json(of, metric) for c in more]}
            for metric in getattr(first, of)
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row a group and metric: value, low, high, and n of the group."""
        import pandas as pd

        rows = []
        for compared in self.by:
            sizes = compared.family.rows()
            for name, of in compared.measured.figures.items():
                for g, group in enumerate(compared.family.groups):
                    rows.append({
                        "by": compared.family.name, "group": named(group), "metric": name,
                        "n": int(sizes[g]), "value": of.values[g], "low": of.low[g],
                        "high": of.high[g], "small": bool(compared.measured.small[g]),
                    })  # fmt: skip
        return pd.DataFrame(rows)


def group_records(family: Family, measured: Measured) -> list[dict[str, Any]]:
    """Return a record a group: who it is, how many, its counts and its figures.

    Parameters
    ----------
    family : Family
        The groups.
    measured : Measured
        Their figures.


    Returns
    -------
    list of dict
        Plain JSON.
    """
    found = []
    for g, (group, n) in enumerate(zip(family.groups, family.rows().tolist(), strict=True)):
        record: dict[str, Any] = {"group": group, "n": n, "small": bool(measured.small[g])}
        if measured.cells is not None:
            record |= {
                name: int(getattr(measured.cells, name)[g]) for name in ("tp", "fp", "tn", "fn")
            }
        record["metrics"] = {name: of.to_json(g) for name, of in measured.figures.items()}
        if measured.curves is not None:
            record["calibration"] = measured.curves[g].to_json()
        found.append(record)
    return found


def audit_predictions(
    predictions: Predictions,
    group: Sequence[str] = (),
    *,
    reference: Sequence[tuple[str, str]] = (),
    population: pd.DataFrame | None = None,
    slices: bool | Sequence[str] = False,
    place: str = "the table",
    seed: int = 0,
) -> GroupAudit:
    """Audit predictions by group.

    Parameters
    ----------
    predictions : Predictions
        The rows.
    group : sequence of str
        Columns whose values are the groups; several also give their intersections.
    reference : sequence of (str, str)
        Columns with the value of the group that others stand beside; default: the largest group.
    population : DataFrame, optional
        Shares of groups in the population that the data stand for.
    slices : bool or sequence of str, default=False
        Whether to look for slices that nobody named; or among which columns.
    place : str
        Where the rows come from, for messages.
    seed : int
        Of draws and halves.

    Returns
    -------
    GroupAudit
        With intervals for all of it.

    Raises
    ------
    InputError
        If there is no such column or no group, or the reference is none.
    """
    if not group and not slices:
        raise InputError(f"{place}: name the columns of the groups with --group COLUMN.")
    found, notes = families(predictions.columns, group, place)
    _refuse_strange(reference, found, place)
    everybody = Family((), ({},), np.zeros(len(predictions.truth), dtype=np.int64))
    by = []
    for family in found:
        measured = measure(predictions, family, 1 - (1 - LEVEL) / max(1, len(family.groups) - 1))
        by.append(compare(family, measured, reference_of(family, reference), seed))
    single = [compared for compared in by if len(compared.family.columns) == 1]
    binary = predictions.kind == "binary"
    small = [
        named(group)
        for compared in single
        for group, is_small in zip(compared.family.groups, compared.measured.small, strict=True)
        if is_small
    ]
    if small:
        what = "of either label" if binary else "rows"
        notes += (
            f"Too small to say much, with fewer than {LEAST_OF_A_LABEL} {what}, and left out of "
            f"the largest differences: {', '.join(small)}.",
        )
    overall = measure(predictions, everybody, LEVEL)
    accuracy = overall.figures.get("accuracy")
    return GroupAudit(
        predictions,
        overall,
        tuple(by),
        paradox=None if accuracy is None else accuracy_paradox(predictions, accuracy),
        representation=represent(predictions, single, population),
        impossible=impossibility(single) if binary else (),
        trade_offs=tuple(trade_off(c) for c in single if c.measured.counts is not None),
        slices=_slices(predictions, slices, place, seed) if slices else None,
        notes=(*predictions.notes, *notes),
    )


def _slices(predictions: Predictions, among: bool | Sequence[str], place: str, seed: int) -> Slices:
    """Look for rows with more errors, among all columns but the predictions, or among some."""
    p = predictions
    if p.kind == "numbers":
        assert p.scores is not None
        errors = np.abs(p.scores - p.truth)
    else:
        assert p.decisions is not None
        errors = (p.decisions != p.truth).astype(np.float64)
    columns = p.columns
    if not isinstance(among, bool):
        for name in among:
            if name not in columns:
                raise InputError(
                    f'{place} has no column "{name}" for slices'
                    f"{nearest(name, [str(column) for column in columns])}."
                )
        columns = columns[list(among)]
    return find_slices(errors, columns, groups=p.clusters, seed=seed)


def _refuse_strange(
    reference: Sequence[tuple[str, str]], found: Sequence[Family], place: str
) -> None:
    for column, value in reference:
        values = {g[column] for family in found for g in family.groups if column in g}
        if value not in values:
            known = ", ".join(sorted(values)) or "no group"
            raise InputError(
                f"{place}: the reference {column}={value} is no group; there are {known}."
            )
