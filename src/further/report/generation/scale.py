"""The line that a figure is read on: from what noise scores (t = 0) to what real data do (t = 1).

A figure v stands at t = (f(v) - f(noise)) / (f(real) - f(noise)), with f the identity, or the
logarithm for costs. Where an end is unknown the worst or the best of the models takes its place,
and the line says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

from further.evaluate.metrics import METRICS, find_metric
from further.evaluate.record import Figure
from further.report.numbers import duration, fixed, significant
from further.report.run_folder import ModelRun

_SMALLEST = 1e-12


@dataclass(frozen=True)
class Scale:
    """The line of one figure, and how its values are written."""

    name: Annotated[str, "The name of the metric."]
    left: Annotated[float, "The value at the left end."]
    right: Annotated[float, "The value at the right end."]
    left_name: Annotated[str, "What the left end is: noise or a copy where known, else worst."]
    right_name: Annotated[str, "What the right end is: real where known, else best."]
    decimals: Annotated[int, "Decimals of every value of this figure."]
    real: Annotated[float | None, "What held-out rows score, where that is known."]
    noise: Annotated[float | None, "What noise scores, where that is known."]
    better: Annotated[str, "Which way the figure improves: higher or lower."]
    logarithmic: Annotated[bool, "Whether equal distances on the line are equal factors."]

    @property
    def label(self) -> str:
        """Name the figure with the unit that is not written behind each value."""
        known = find_metric(self.name)
        bare = known.style == "fixed" and known.unit
        return f"{known.label}, {known.unit}" if bare else known.label

    @property
    def anchored(self) -> bool:
        """Whether both ends are noise and real rather than the worst and the best of the models."""
        return self.left_name == "noise" and self.right_name == "real"

    @property
    def is_empty(self) -> bool:
        """Whether the line has no length, as where one model is both the worst and the best."""
        return self.left == self.right

    def position(self, value: float | None) -> float | None:
        """Place a value on the line; ``None`` stays ``None``."""
        if value is None:
            return None
        left, right, spot = (
            math.log(max(_SMALLEST, item)) if self.logarithmic else item
            for item in (self.left, self.right, value)
        )
        return 0.5 if left == right else (spot - left) / (right - left)

    def positions(self, figure: Figure) -> tuple[float | None, float | None, float | None]:
        """Place a figure and the two ends of its interval on the line."""
        low, high = self.position(figure.low), self.position(figure.high)
        return self.position(figure.value), low, high

    def write(self, value: float | None) -> str:
        """Write a value as it is written throughout the report; a dash where there is none."""
        known, written = find_metric(self.name), self.write_bare(value)
        has_unit = value is not None and known.style == "quantity" and known.unit
        return f"{written} {known.unit}" if has_unit else written

    def write_bare(self, value: float | None) -> str:
        """Write a value without the unit behind it."""
        style = find_metric(self.name).style
        if value is None or style == "fixed":
            return fixed(value, self.decimals)
        if style == "duration":
            return duration(value)
        return fixed(value, 0) if style == "count" else significant(value, 2)

    def write_interval(self, figure: Figure) -> str:
        """Write the interval of a figure; empty where it has none."""
        if figure.low is None or figure.high is None:
            return ""
        return f"{self.write_bare(figure.low)} to {self.write_bare(figure.high)}"

    def write_figure(self, figure: Figure) -> str:
        """Write a figure with its interval in brackets."""
        interval = self.write_interval(figure)
        return self.write(figure.value) + (f" ({interval})" if interval else "")


def scale_of(models: Sequence[ModelRun], name: str) -> Scale | None:
    """Choose the line for a figure; ``None`` where no model has a value.

    A model that copies takes no part in it: what it costs or scores is no mark to be measured by.

    Parameters
    ----------
    models : sequence of ModelRun
        The models.
    name : str
        The name of the metric.

    Returns
    -------
    Scale or None
        From noise to real, or from the worst model to the best.
    """
    every = [(model, found) for model in models if (found := model.figure(name)) is not None]
    honest = [found for model, found in every if not model.shows_training_rows]
    figures = honest or [found for _, found in every]
    values = [figure.value for figure in figures if figure.value is not None]
    if not values:
        return None
    known = find_metric(name)
    real, noise = (_end(models, name, end) for end in ("real", "noise"))
    better = known.better
    if name not in METRICS and real is not None and noise is not None and real < noise:
        better = "lower"
    worst, best = min(values), max(values)
    if better == "lower":
        worst, best = best, worst
    # Real and noise that agree span no line, so the models themselves have to.
    right, left = (None, None) if real is not None and real == noise else (real, noise)
    left_name = "noise"
    copy = _end(models, name, "copy")
    if copy is not None:
        left, left_name = copy, "copy"
    elif known.worst is not None or left is None:
        left, left_name = (worst if known.worst is None else known.worst), "worst"
    widths = [
        figure.high - figure.low
        for figure in figures
        if figure.low is not None and figure.high is not None
    ]
    return Scale(
        name=name,
        left=left,
        right=best if right is None else right,
        left_name=left_name,
        right_name="best" if right is None else "real",
        decimals=_shared_decimals(values, widths),
        real=real,
        noise=noise,
        better=better,
        logarithmic=known.style != "fixed" and min(values) > 0,
    )


def _end(models: Sequence[ModelRun], name: str, end: str) -> float | None:
    """Find what an end scores: the same for all models, so the first that records it."""
    every = (getattr(model.metrics.get(name), end, None) for model in models)
    return next((value for value in every if value is not None), None)


def _shared_decimals(values: Sequence[float], widths: Sequence[float]) -> int:
    """Choose the decimals of a row of figures: two digits of its narrowest interval.

    At most five, and three where the figures are not small: an accuracy near 1 has an interval of
    almost no width, but nobody wants its fourth digit.

    Examples
    --------
    >>> _shared_decimals([0.97123, 0.95512], [0.021, 0.034])
    3
    >>> _shared_decimals([0.0009, 0.0142], [0.0022, 0.0022])
    4
    >>> _shared_decimals([12.0, 340.0], [])
    1
    """
    sizes = [abs(value) for value in values if value]
    known = [width for width in widths if width]
    if known:
        most = 3 if sizes and median(sizes) >= 0.1 else 5
        return min(most, max(0, 1 - math.floor(math.log10(min(known)))))
    return min(5, max(0, 2 - math.floor(math.log10(min(sizes))))) if sizes else 0
