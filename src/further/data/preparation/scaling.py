r"""Which scale lets columns of different units count alike.

A number x of a column becomes :math:`(x - c) / s`. Standard: c is the mean, s the standard
deviation. Robust: c is the median, :math:`s = (q_{3/4} - q_{1/4}) / 1.349`, which for a normal
distribution is the standard deviation and which outliers do not move. None: c = 0, s = 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from further.data.preparation.column_text import unit_of
from further.data.preparation.columns import quoted

SCALES = ("auto", "standard", "robust", "none")
#: Interquartile range of a normal distribution in standard deviations.
NORMAL_RANGE = 1.3489795003921634
#: A value is an outlier where it lies so many robust spreads from the median.
FAR = 10.0
#: Outliers are heavy where so small a share of the values multiplies the standard deviation so. A
#: larger share is a long tail: divided by its interquartile range it would outweigh all columns.
FEW = 0.01
HEAVY = 2.0
#: Columns share one range where each begins and ends within this part of the joint range.
SAME_RANGE = 0.1
#: Values within so many rounding errors of each other are one value.
ROUNDING = 10
#: So many columns of whole numbers from 0 are pixels or counts where most reach half of the most.
PIXELS = 16
MOST_OF_THEM = 0.75


@dataclass(frozen=True)
class Summary:
    """What the choice of a scale looks at, of one column's values.

    Attributes
    ----------
    low, high, mean, deviation, median : float
        Of the values; the deviation is the standard deviation.
    quartiles : float
        The distance between the quartiles, over that of a standard normal distribution.
    whole : bool
        Whether all are whole numbers.
    has_heavy_outliers : bool
        Whether a few far values make up much of the deviation.
    """

    low: float
    high: float
    mean: float
    deviation: float
    median: float
    quartiles: float
    whole: bool
    has_heavy_outliers: bool

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, numbers: np.ndarray) -> Summary:
        """Summarise the values of a column, float64, without the missing ones."""
        first, median, third = np.quantile(numbers, [0.25, 0.5, 0.75])
        quartiles = float(third - first) / NORMAL_RANGE
        near = np.abs(numbers - median) <= FAR * quartiles
        heavy = False
        if quartiles > 0 and 0 < np.count_nonzero(~near) <= FEW * len(numbers):
            heavy = bool(numbers.std() > HEAVY * numbers[near].std())
        return cls(
            low=float(numbers.min()),
            high=float(numbers.max()),
            mean=float(numbers.mean()),
            deviation=float(numbers.std()),
            median=float(median),
            quartiles=quartiles,
            whole=bool((numbers == np.floor(numbers)).all()),
            has_heavy_outliers=heavy,
        )

    @property
    def varies(self) -> bool:
        """Whether the values differ by more than the rounding of floating-point numbers."""
        largest = max(abs(self.low), abs(self.high))
        return self.high - self.low > ROUNDING * float(np.finfo(np.float64).eps) * largest

    def scaled(self, scale: str) -> tuple[str, float, float]:
        """Return the scale that the column gets, its centre and its spread.

        Where more than half of the values are equal there is no robust spread; the standard one is
        taken.
        """
        if scale == "none":
            return "none", 0.0, 1.0
        if scale == "robust" and self.quartiles > 0:
            return "robust", self.median, self.quartiles
        return "standard", self.mean, self.deviation if self.deviation > 0 else 1.0


def choose_scales(
    columns: Mapping[str, Summary], types: Mapping[str, str], scale: str, *, alone: bool
) -> tuple[dict[str, str], str]:
    """Return the scale of each numeric column, and a sentence that says what was decided and why.

    No scale is right by itself: a column that matters more deserves a larger one, and only the
    user knows.

    Parameters
    ----------
    columns : mapping of str to Summary
        The numeric columns that take part.
    types : mapping of str to str
        Their types, as in :class:`~further.data.preparation.column_decisions.ColumnDecision`.
    scale : {"auto", "standard", "robust", "none"}
        What the user wants. "auto" takes none where columns share a unit or a range already, else
        standard, and robust for a column with heavy outliers.
    alone : bool
        Whether no categories take part.

    Returns
    -------
    scales, note
        The scale of each column by its name, and the sentence.

    Examples
    --------
    >>> summary = Summary.of(np.array([1.0, 2.0, 4.0]))
    >>> choose_scales({"a (cm)": summary, "b (cm)": summary}, {}, "auto", alone=True)
    ({'a (cm)': 'none', 'b (cm)': 'none'}, 'Scaling: none, since all numbers are in cm.')
    """
    if not columns:
        return {}, "Scaling: none, since categories have no scale."
    if scale != "auto":
        said = f"Scaling: {scale}, as asked."
        kept = [name for name, found in columns.items() if found.quartiles <= 0]
        if scale == "robust" and kept:
            said += (
                f" {quoted(kept)}: standard, since more than half of the values are equal and the "
                "interquartile range is 0."
            )
        return {name: found.scaled(scale)[0] for name, found in columns.items()}, said
    reason = _why_none(columns, types, alone)
    if reason is not None:
        return dict.fromkeys(columns, "none"), f"Scaling: none, since {reason}."
    heavy = [name for name, found in columns.items() if found.has_heavy_outliers]
    said = (
        "Scaling: standard (each number less the mean of its column, divided by the standard "
        "deviation), so that no column counts more because of its unit"
    )
    if heavy:
        said += (
            f"; robust (median and interquartile range) for {quoted(heavy)}, where at most "
            f"{FEW:.0%} of the values, far out, make the standard deviation more than {HEAVY:.0f} "
            "times that of the others"
        )
    return {name: "robust" if name in heavy else "standard" for name in columns}, said + "."


def _why_none(columns: Mapping[str, Summary], types: Mapping[str, str], alone: bool) -> str | None:
    """Return why the columns can be compared as they are, or None."""
    kinds = {types.get(name) for name in columns}
    if kinds == {"coordinate"} and alone:
        return "latitude and longitude are degrees on the sphere"
    if kinds == {"binary"} and alone:
        return "all columns have two values"
    if len(columns) == 1:
        return "with a single column of numbers there is nothing to balance" if alone else None
    units = {unit_of(name)[1] for name in columns}
    if len(units) == 1 and None not in units:
        return f"all numbers are in {units.pop()}"
    found = list(columns.values())
    low, high = min(one.low for one in found), max(one.high for one in found)
    slack = SAME_RANGE * (high - low)
    if all(one.low <= low + slack and one.high >= high - slack for one in found):
        return f"all columns run over one range already ({low:g} to {high:g})"
    reach = sum(one.high >= high / 2 for one in found) / len(found)
    counts = all(one.whole and one.low >= 0 for one in found)
    if len(found) >= PIXELS and counts and low == 0 and reach >= MOST_OF_THEM:
        return (
            f"all {len(found)} columns are whole numbers of one range (0 to {high:g}), as pixels "
            "or counts are"
        )
    return None
