r"""Constraint violations: rules that every real row keeps, and how many samples break one.

The rules are found in the training rows, and kept where the validation rows keep them too:

* range: a number stays between the least and the largest training value;
* grid: a number lies on a grid that is coarser than its decimals, as multiples of 1,000 do;
* code: a number is one of those that there are, which fill little of their range and recur;
* order: :math:`a \le b` between two columns of numbers whose ranges overlap;
* sum: :math:`a + b = c` between three columns, or :math:`a + b` is one fixed number;
* difference: :math:`b - a` is one of a few numbers, though neither :math:`a` nor :math:`b` is;
* determined: the value of one column of few values determines that of another;
* never together: two categories that would meet in ten training rows or more were they
  independent, and never do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations, permutations
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.column_text import SECONDS_A_DAY, write_days
from further.data.preparation.regularity import FEW_VALUES, Regularity
from further.evaluate.generation.table_fidelity import is_number, numbers, texts
from further.evaluate.interval import Score, score_from_examples

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]

LEAST_ROWS = 20
# Pairs and triples grow with powers of the columns; the first ones are looked at.
MOST_NUMBERS = 30
MOST_CATEGORICAL = 30
MOST_VALUES = 50
LEAST_ROWS_PER_VALUE = 5
LEAST_EXPECTED = 10.0
#: Differences are a rule where there are so few, and pairs by chance have so many times as many.
MOST_DIFFERENCES = 10
CHANCE_DIFFERENCES = 5


class Columns:
    """A table whose columns are converted once, however many rules look at them.

    Parameters
    ----------
    frame : DataFrame
        In the source's own form.

    Attributes
    ----------
    numbers, texts : callable
        Give the column of a name as floats, missing values as NaN, and as text.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        columns: dict[Any, Any] = dict(frame.items())
        self.numbers = cache(lambda name: numbers(columns[name]))
        self.texts = cache(lambda name: texts(columns[name]))


@dataclass(frozen=True)
class Rule:
    """A rule in words, and which rows of a table break it."""

    sentence: Annotated[str, 'Such as "minimum ≤ maximum".']
    kind: Annotated[
        str,
        '"range", "grid", "code", "order", "sum", "difference", "determined" or "never together".',
    ]
    broken_by: Annotated[
        Callable[[Columns], Flags], "Takes :class:`Columns`, returns a bool for each row."
    ]


class Constraints:
    """The rules of a table.

    Use it to count samples that nobody would believe: a child with a pension, parts above a whole.
    It fails where a rule holds by chance; the share of test rows that break one tells how often.

    Parameters
    ----------
    train, validation : DataFrame
        In the source's own form.

    Attributes
    ----------
    rules : tuple of Rule
        Empty with fewer than 20 training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> low = np.arange(30) % 10
    >>> train = pd.DataFrame({"low": low, "high": low + np.arange(30) % 7})
    >>> constraints = Constraints(train, train[:5])
    >>> [rule.sentence for rule in constraints.rules if rule.kind == "order"]
    ['low ≤ high']
    >>> samples = pd.DataFrame({"low": [3, 3, 3, 3], "high": [2, 3, 4, 99]})
    >>> constraints.violations(samples).value
    0.5
    """

    def __init__(self, train: pd.DataFrame, validation: pd.DataFrame) -> None:
        self.rules: tuple[Rule, ...] = ()
        if len(train) < LEAST_ROWS:
            return
        seen, unseen = Columns(train), Columns(validation)
        miners = (
            _ranges, _regularities, _orders, _sums, _differences, _determined, _never_together
        )  # fmt: skip
        self.rules = tuple(
            rule
            for mine in miners
            for rule in mine(seen)
            if not rule.broken_by(seen).any() and not rule.broken_by(unseen).any()
        )

    def broken(self, samples: pd.DataFrame) -> Flags:
        """Return which rules each row breaks.

        Parameters
        ----------
        samples : DataFrame
            Rows with the columns of the training rows; others may stand beside them.

        Returns
        -------
        ndarray of bool, shape (rules, n)
            In the order of the rules.
        """
        columns = Columns(samples)
        found = [rule.broken_by(columns) for rule in self.rules]
        return np.array(found, dtype=bool).reshape(len(self.rules), len(samples))

    def violations(self, samples: pd.DataFrame, seed: int = 0) -> Score | None:
        """Return the share of samples that break at least one rule; 0 is best.

        Parameters
        ----------
        samples : DataFrame
            Generated rows, in the source's own form.
        seed : int
            Of the bootstrap.

        Returns
        -------
        Score or None
            None where no rule was found. The detail holds the number of rules and the ten that
            are broken most.
        """
        if not self.rules:
            return None
        broken = self.broken(samples)
        shares = broken.mean(axis=1)
        most = [i for i in np.argsort(-shares, kind="stable")[:10] if shares[i] > 0]
        kinds = [rule.kind for rule in self.rules]
        detail = {
            "rules": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            "broken": [[self.rules[i].sentence, float(shares[i])] for i in most],
        }
        return score_from_examples(
            np.asarray(broken.any(axis=0), dtype=np.float64),
            limits=(0.0, 1.0),
            seed=seed,
            detail=detail,
        )


def _numeric(table: Columns) -> dict[Any, Floats]:
    frame = table.frame
    named = {name: table.numbers(name) for name in frame.columns if is_number(frame[name])}
    return {
        name: values
        for name, values in named.items()
        if np.isfinite(values).any() and np.nanmin(values) < np.nanmax(values)
    }


def _ranges(train: Columns) -> list[Rule]:
    rules = []
    for name, values in _numeric(train).items():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        outside = partial(_outside, name, low, high)
        is_date = pd.api.types.is_datetime64_any_dtype(train.frame[name])
        first, last = (write_days(end) if is_date else f"{end:g}" for end in (low, high))
        rules.append(Rule(f"{first} ≤ {name} ≤ {last}", "range", outside))
    return rules


def _outside(name: Any, low: float, high: float, table: Columns) -> Flags:
    column, slack = table.numbers(name), 1e-6 * (high - low)
    return (column < low - slack) | (column > high + slack)


def _regularities(train: Columns) -> list[Rule]:
    """Find grids and codes; a column of few values is one of categories."""
    rules = []
    for name, values in _numeric(train).items():
        is_date = pd.api.types.is_datetime64_any_dtype(train.frame[name])
        present = values[np.isfinite(values)]
        scale = SECONDS_A_DAY if is_date else 1.0
        found = Regularity.of(np.round(present * scale) if is_date else present, is_date=is_date)
        kept = partial(_off_grid, name, found, scale)
        if found.values is not None:
            if len(found.values) > FEW_VALUES and not is_date:
                said = f"{name} is one of {len(found.values):,} codes"
                rules.append(Rule(said, "code", kept))
        elif found.monthly:
            rules.append(Rule(f"{name} is the first of a month", "grid", kept))
        elif found.step is not None:
            rules.append(Rule(f"{name} is {_multiple(found, is_date)}", "grid", kept))
    return rules


def _multiple(found: Regularity, is_date: bool) -> str:
    step = found.step or 1.0
    if is_date:
        for name, seconds in (("day", SECONDS_A_DAY), ("hour", 3600.0), ("minute", 60.0)):
            if step == seconds:
                return f"a whole {name}"
        return f"on a grid of {step:g} seconds"
    return (
        f"a multiple of {step:g}"
        if not found.origin
        else f"{found.origin:g} and a multiple of {step:g}"
    )


def _off_grid(name: Any, found: Regularity, scale: float, table: Columns) -> Flags:
    column = table.numbers(name) * scale
    gap = np.abs(found.snap(np.nan_to_num(column)) - column)
    # Seconds of dates are kept as parts of days, and numbers may have been written and read.
    return gap > np.maximum(1e-3 if scale > 1 else 0.0, 1e-9 * np.abs(column))


def _orders(train: Columns) -> list[Rule]:
    columns = dict(list(_numeric(train).items())[:MOST_NUMBERS])
    rules = []
    for a, b in permutations(columns, 2):
        both = np.isfinite(columns[a]) & np.isfinite(columns[b])
        first, second = columns[a][both], columns[b][both]
        # Where the ranges do not overlap, the order says no more than the ranges do.
        if both.sum() < LEAST_ROWS or first.max() <= second.min():
            continue
        if (first > second).any() or (first == second).all():
            continue
        rules.append(Rule(f"{a} ≤ {b}", "order", partial(_above, a, b)))
    return rules


def _above(a: Any, b: Any, table: Columns) -> Flags:
    return table.numbers(a) > table.numbers(b)


def _sums(train: Columns) -> list[Rule]:
    columns = dict(list(_numeric(train).items())[:MOST_NUMBERS])
    rules = []
    for a, b in combinations(columns, 2):
        total = columns[a] + columns[b]
        present = np.isfinite(total)
        if present.sum() < LEAST_ROWS:
            continue
        slack = 1e-6 * float(np.abs(total[present]).max() + 1.0)
        fixed = float(total[present][0])
        if np.abs(total[present] - fixed).max() <= slack:
            off = partial(_off, a, b, fixed, slack)
            rules.append(Rule(f"{a} + {b} = {fixed:g}", "sum", off))
        for c, whole in columns.items():
            if c in (a, b):
                continue
            gap = np.abs(total - whole)
            # Five rows settle nearly every triple; the whole column is looked at for the rest.
            if np.nanmax(np.append(gap[:5], 0.0)) > slack:
                continue
            seen = np.isfinite(gap)
            if seen.sum() < LEAST_ROWS or gap[seen].max() > slack:
                continue
            rules.append(Rule(f"{a} + {b} = {c}", "sum", partial(_apart, a, b, c, slack)))
    return rules


def _off(a: Any, b: Any, whole: float | Floats, slack: float, table: Columns) -> Flags:
    return np.abs(table.numbers(a) + table.numbers(b) - whole) > slack


def _apart(a: Any, b: Any, c: Any, slack: float, table: Columns) -> Flags:
    return _off(a, b, table.numbers(c), slack, table)


def _differences(train: Columns) -> list[Rule]:
    """Find pairs whose difference has few values, where chance pairs would have many."""
    columns = dict(list(_numeric(train).items())[:MOST_NUMBERS])
    is_date = {name: pd.api.types.is_datetime64_any_dtype(train.frame[name]) for name in columns}
    order = np.random.default_rng(0)
    rules = []
    for a, b in combinations(columns, 2):
        both = np.isfinite(columns[a]) & np.isfinite(columns[b])
        if both.sum() < LEAST_ROWS or is_date[a] != is_date[b]:
            continue
        first, second = columns[a][both], columns[b][both]
        known, counts = _distinct(second - first)
        # A single difference is a sum with a fixed part.
        if len(known) > MOST_DIFFERENCES or counts.min() < LEAST_ROWS_PER_VALUE:
            continue
        by_chance, _ = _distinct(order.permutation(second) - first)
        if len(by_chance) < CHANCE_DIFFERENCES * len(known):
            continue
        earlier, later = (a, b) if np.abs(known).max() == known.max() else (b, a)
        known = np.sort(known if later == b else -known)
        shown = [f"{value:g}" for value in known]
        listed = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]
        unit = " days" if is_date[a] else ""
        said = f"{later} − {earlier} is {listed}{unit}"
        rules.append(Rule(said, "difference", partial(_other_difference, earlier, later, known)))
    return rules


def _distinct(differences: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return the different ones but for rounding, and how often there are."""
    scale = float(np.abs(differences).max()) or 1.0
    return np.unique(np.round(differences, 9 - int(np.ceil(np.log10(scale)))), return_counts=True)


def _other_difference(a: Any, b: Any, known: Floats, table: Columns) -> Flags:
    gap = table.numbers(b) - table.numbers(a)
    nearest = np.abs(gap[:, None] - known[None]).min(axis=1)
    return nearest > 1e-6 * (1 + np.abs(known).max())


@dataclass(frozen=True)
class _Discrete:
    values: list[str]
    codes: NDArray[np.intp]


def _discrete(table: Columns) -> dict[Any, _Discrete]:
    """Return columns of few values: categories, and numbers that repeat."""
    columns = {}
    for name in table.frame.columns:
        values, codes = np.unique(table.texts(name), return_inverse=True)
        if 2 <= len(values) <= min(MOST_VALUES, len(codes) // LEAST_ROWS_PER_VALUE):
            columns[name] = _Discrete([str(value) for value in values], codes)
    return dict(list(columns.items())[:MOST_CATEGORICAL])


def _together(first: _Discrete, second: _Discrete) -> NDArray[np.intp]:
    """Return how often each value of one column meets each value of the other."""
    width = len(second.values)
    counts = np.bincount(first.codes * width + second.codes, minlength=len(first.values) * width)
    return counts.reshape(len(first.values), width)


def _determined(train: Columns) -> list[Rule]:
    columns = _discrete(train)
    rules = []
    for a, b in permutations(columns, 2):
        together = _together(columns[a], columns[b])
        if ((together > 0).sum(axis=1) != 1).any():
            continue
        values = columns[b].values
        implied = {
            value: values[j]
            for value, j in zip(columns[a].values, together.argmax(axis=1), strict=True)
        }
        rules.append(Rule(f"{a} determines {b}", "determined", partial(_other, a, b, implied)))
    return rules


def _other(a: Any, b: Any, implied: dict[str, str], table: Columns) -> Flags:
    pairs = zip(table.texts(a), table.texts(b), strict=True)
    # A value that training rows never had implies nothing.
    return np.array([implied.get(x, y) != y for x, y in pairs], dtype=bool)


def _never_together(train: Columns) -> list[Rule]:
    columns = _discrete(train)
    rules = []
    for a, b in combinations(columns, 2):
        left, right = columns[a].values, columns[b].values
        together = _together(columns[a], columns[b])
        expected = np.outer(together.sum(axis=1), together.sum(axis=0)) / together.sum()
        for i, j in np.argwhere((together == 0) & (expected >= LEAST_EXPECTED)):
            meet = partial(_meet, a, left[i], b, right[j])
            x, y = (str(value).replace("\0", "") for value in (left[i], right[j]))
            rules.append(Rule(f"{a} = {x} never with {b} = {y}", "never together", meet))
    return rules


def _meet(a: Any, x: str, b: Any, y: str, table: Columns) -> Flags:
    return (table.texts(a) == x) & (table.texts(b) == y)
