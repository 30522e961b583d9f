"""What a history holds before anybody says what its columns mean: rows of numbers by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Spellings of what is a number to a training but not to a parser.
_WORDS = {
    "nan": math.nan, "-nan": math.nan, "nan(ind)": math.nan, "-nan(ind)": math.nan,
    "inf": math.inf, "+inf": math.inf, "infinity": math.inf, "+infinity": math.inf,
    "-inf": -math.inf, "-infinity": -math.inf,
}  # fmt: skip


@dataclass(frozen=True)
class Logged:
    """Rows as a tool logged them.

    Attributes
    ----------
    layout : str
        What wrote them, such as "Keras CSVLogger".
    rows : list of dict of float
        A row for each time something was logged; what was not logged then is absent, and what was
        logged as NaN or infinite is there.
    notes : tuple of str
        What was decided while reading.
    roles : dict of str
        Columns whose role the layout fixes, by role.
    same_weights : bool
        Whether training and validation losses are of the same weights in the same mode.
    first_is_untrained : bool
        Whether the first row was logged before the first step.
    baselines : dict of float
        Losses of the constant predictor, by the name of the loss without its part.
    counts : dict of int
        How many validation_rows, training_rows and parameters there are, where it was recorded.
    kept_step : int or None
        Step of the weights that were kept, where it was recorded.
    """

    layout: str
    rows: list[dict[str, float]]
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    same_weights: bool = False
    first_is_untrained: bool = False
    baselines: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    kept_step: int | None = None

    @property
    def columns(self) -> list[str]:
        """Names of what was logged, in order of first appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))


def number(value: Any) -> float | None:
    """Return a logged value as a number; None where it is none.

    Parameters
    ----------
    value : object
        A number, or text as files have it.

    Returns
    -------
    float or None
        NaN and infinite are numbers here.

    Examples
    --------
    >>> number(" 0.25"), number("-inf"), number("")
    (0.25, -inf, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _float(value)
    if isinstance(value, str):
        text = value.strip()
        found = _WORDS.get(text.lower())
        # Python reads 1_000 as a number, and files do not mean it.
        return found if found is not None or "_" in text else _float(text)
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:  # NumPy's scalars, tensors
        return _float(value)
    return None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError, RuntimeError):
        return None


def numbers(row: Mapping[Any, Any]) -> dict[str, float]:
    """Return what is a number in a row, by name.

    Parameters
    ----------
    row : mapping
        Values by name.

    Returns
    -------
    dict of float
        Without what is no number.
    """
    found = {str(name).strip(): number(value) for name, value in row.items()}
    return {name: value for name, value in found.items() if name and value is not None}


def by_step(
    points: Iterable[tuple[float, str, float]], axis: str = "step"
) -> list[dict[str, float]]:
    """Return rows from single points, as tools log them that know metrics one at a time.

    Parameters
    ----------
    points : iterable of tuple
        Step, name and value.
    axis : str, default="step"
        What the step is called.

    Returns
    -------
    list of dict of float
        A row a step, in order; of two values of one name and step the later one.

    Examples
    --------
    >>> by_step([(1, "loss", 0.5), (0, "loss", 0.9), (1, "val_loss", 0.6)])
    [{'step': 0, 'loss': 0.9}, {'step': 1, 'loss': 0.5, 'val_loss': 0.6}]
    """
    rows: dict[float, dict[str, float]] = {}
    for step, name, value in points:
        if math.isfinite(step):
            rows.setdefault(step, {axis: step})[name] = value
    return [rows[step] for step in sorted(rows)]


def from_lists(columns: Mapping[Any, Any]) -> list[dict[str, float]]:
    """Return rows from a column each, which may differ in length.

    Parameters
    ----------
    columns : mapping
        Lists of values by name; what is no list is left out.

    Returns
    -------
    list of dict of float
        As many as the longest column has values.
    """
    lists = {
        str(name): list(values)
        for name, values in columns.items()
        if hasattr(values, "__len__") and hasattr(values, "__iter__")
        and not isinstance(values, str | bytes | Mapping)
    }  # fmt: skip
    length = max(map(len, lists.values()), default=0)
    return [
        numbers({name: values[i] for name, values in lists.items() if i < len(values)})
        for i in range(length)
    ]
