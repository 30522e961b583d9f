"""The answer of an audit in a sentence or two: accuracy where it misleads, then the largest gap."""

from __future__ import annotations

from collections.abc import Sequence

from further.evaluate.largest import Largest
from further.evaluate.metrics import find_metric
from further.trust.audit.comparison import Compared
from further.trust.audit.groups import named
from further.trust.audit.paradox import Paradox
from further.trust.audit.predictions import Kind, Predictions

#: What decides, by the kind of the truth.
DECIDING: dict[Kind, tuple[str, ...]] = {
    "binary": ("fpr", "fnr"), "classes": ("balanced_accuracy",), "numbers": ("mae",),
    "objects": ("fnr",),
}  # fmt: skip


def headline(predictions: Predictions, paradox: Paradox | None, by: Sequence[Compared]) -> str:
    """Return the answer.

    Parameters
    ----------
    predictions : Predictions
        The rows.
    paradox : Paradox or None
        Accuracy beside that of a constant.
    by : sequence of Compared
        Groups by each column, and by all of them at once.

    Returns
    -------
    str
        What embarrasses the model comes first.
    """
    said = [paradox.sentence] if paradox is not None and paradox.embarrasses else []
    single = by[: max(1, len(by) - 1)]
    found: list[tuple[Largest, str, Compared]] = []
    for compared in single:
        for name in DECIDING[predictions.kind]:
            largest = compared.differences[name].largest
            if largest is not None:
                found.append((largest, name, compared))
    if not found and by:
        said.append(
            f"No two groups by {_listed([c.family.name for c in single])} are large enough to be "
            "compared."
        )
    elif found:
        shown = [one for one in found if one[0].low > 0]
        # What is largest for sure, not what is largest by chance.
        largest, name, compared = max(
            shown or found, key=lambda one: one[0].low if shown else one[0].value
        )
        said.append(_told(largest, name, compared, predictions.kind, bool(shown)))
    return " ".join(said)


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


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names)
