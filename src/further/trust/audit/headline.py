"""The answer of an audit in a sentence or two: accuracy where it misleads, then the largest gap."""

from __future__ import annotations

from collections.abc import Sequence

from further.evaluate.largest import Largest, largest_difference
from further.evaluate.metrics import find_metric
from further.evaluate.resampling import LEVEL
from further.trust.audit.comparison import Compared
from further.trust.audit.groups import named
from further.trust.audit.paradox import Paradox
from further.trust.audit.predictions import Kind, Predictions

#: What decides, by the kind of the truth.
DECIDING: dict[str, tuple[str, ...]] = {
    "binary": ("fpr", "fnr"), "classes": ("balanced_accuracy",), "numbers": ("mae",),
    "objects": ("fnr",),
}  # fmt: skip


def headline(
    predictions: Predictions, paradox: Paradox | None, by: Sequence[Compared], seed: int = 0
) -> str:
    """Return the answer.

    Parameters
    ----------
    predictions : Predictions
        The rows.
    paradox : Paradox or None
        Accuracy beside that of a constant.
    by : sequence of Compared
        Groups by single columns.
    seed : int
        Of draws.

    Returns
    -------
    str
        What embarrasses the model comes first. Intervals are so wide that all differences that
        might have been named hold together (Bonferroni over columns and figures).
    """
    said = [paradox.sentence] if paradox is not None and paradox.embarrasses else []
    names = DECIDING[predictions.kind]
    level = 1 - (1 - LEVEL) / max(1, len(names) * len(by))
    found: list[tuple[Largest, str, Compared]] = []
    for compared in by:
        for name in names:
            of = compared.measured.comparable(name, level)
            largest = largest_difference([of], seed, level)
            if largest is not None:
                found.append((largest, name, compared))
    if not found and by:
        said.append(_why_nothing(by, names))
    elif found:
        shown = [one for one in found if one[0].low > 0]
        # What is largest for sure, not what is largest by chance.
        largest, name, compared = max(
            shown or found, key=lambda one: one[0].low if shown else one[0].value
        )
        said.append(_told(largest, name, compared, predictions.kind, bool(shown)))
    return " ".join(said)


def _why_nothing(by: Sequence[Compared], names: Sequence[str]) -> str:
    columns = " or ".join(compared.family.name for compared in by)
    if all(len(compared.family.groups) < 2 for compared in by):
        return f"There is one group by {columns}, so there is nothing to compare."
    plain = " or ".join(find_metric(name).plain for name in names)
    if all((~compared.measured.small).sum() < 2 for compared in by):
        return f"No two groups by {columns} are large enough to be compared."
    return f"No two groups by {columns} have a {plain} with an interval to be compared."


def _told(largest: Largest, name: str, compared: Compared, kind: Kind, shown: bool) -> str:
    metric = find_metric(name)
    values = compared.measured.figures[name].values
    groups = compared.family.groups
    most, least = named(groups[largest.highest]), named(groups[largest.lowest])
    top, bottom = values[largest.highest], values[largest.lowest]
    plain = f"{metric.plain[0].upper()}{metric.plain[1:]}"
    if kind == "numbers":
        ends = f"{largest.value:.3g} apart ({largest.low:.3g} to {largest.high:.3g})"
        two = f"{top:.3g} for {most}, {bottom:.3g} for {least}"
    else:
        ends = (
            f"{100 * largest.value:.1f} points apart "
            f"({100 * largest.low:.1f} to {100 * largest.high:.1f})"
        )
        two = f"{top:.1%} for {most}, {bottom:.1%} for {least}"
    if shown:
        return f"{plain} by {compared.family.name}: {two}, {ends}."
    return (
        f"No difference of {metric.plain} by {compared.family.name} stands out from chance: the "
        f"largest is {two}, {ends}."
    )
