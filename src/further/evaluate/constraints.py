r"""Constraint violations: rules that every real row keeps, and how many samples break one.

The rules are found in the training rows, and kept where the validation rows keep them too:

* range: a number stays between the least and the largest training value;
* order: :math:`a \le b` between two columns of numbers whose ranges overlap;
* sum: :math:`a + b = c` between three columns, or :math:`a + b` is one fixed number;
* determined: the value of one column of few values determines that of another;
* never together: two categories that would meet in ten training rows or more were they
  independent, and never do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.interval import Score, score_from_examples
from further.evaluate.table_fidelity import is_number, numbers, texts

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]

LEAST_ROWS = 20
# Pairs and triples grow with powers of the columns; the first ones are looked at.
MOST_NUMBERS = 30
MOST_CATEGORICAL = 30
MOST_VALUES = 50
LEAST_ROWS_PER_VALUE = 5
LEAST_EXPECTED = 10.0


@dataclass(frozen=True)
class Rule:
    """A rule in words, and which rows of a table break it.

    Attributes
    ----------
    sentence : str
        Such as "minimum ≤ maximum".
    kind : str
        "range", "order", "sum", "determined" or "never together".
    broken_by : callable
        Takes a DataFrame, returns a bool for each row.
    """

    sentence: str
    kind: str
    broken_by: Callable[[pd.DataFrame], Flags]


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
        found = [
            *_ranges(train),
            *_orders(train),
            *_sums(train),
            *_determined(train),
            *_never_together(train),
        ]
        self.rules = tuple(
            rule
            for rule in found
            if not rule.broken_by(train).any() and not rule.broken_by(validation).any()
        )

    def violations(self, samples: pd.DataFrame, seed: int = 0) -> Score | None:
        """Return the share of samples that break at least one rule; 0 is best.

        Returns
        -------
        Score or None
            None where no rule was found. The detail holds the number of rules and the ten that
            are broken most.
        """
        if not self.rules:
            return None
        broken = np.array([rule.broken_by(samples) for rule in self.rules])
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


def _numeric(frame: pd.DataFrame) -> dict[Any, Floats]:
    named = {name: numbers(frame[name]) for name in frame.columns if is_number(frame[name])}
    return {
        name: values
        for name, values in named.items()
        if np.isfinite(values).any() and np.nanmin(values) < np.nanmax(values)
    }


def _ranges(train: pd.DataFrame) -> list[Rule]:
    rules = []
    for name, values in _numeric(train).items():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))

        def outside(
            frame: pd.DataFrame, name: Any = name, low: float = low, high: float = high
        ) -> Flags:
            column = numbers(frame[name])
            slack = 1e-6 * (high - low)
            return (column < low - slack) | (column > high + slack)

        rules.append(Rule(f"{low:g} ≤ {name} ≤ {high:g}", "range", outside))
    return rules


def _orders(train: pd.DataFrame) -> list[Rule]:
    columns = dict(list(_numeric(train).items())[:MOST_NUMBERS])
    rules = []
    for a in columns:
        for b in columns:
            both = np.isfinite(columns[a]) & np.isfinite(columns[b])
            first, second = columns[a][both], columns[b][both]
            # Where the ranges do not overlap, the order says no more than the ranges do.
            if a == b or both.sum() < LEAST_ROWS or first.max() <= second.min():
                continue
            if (first > second).any() or (first == second).all():
                continue

            def above(frame: pd.DataFrame, a: Any = a, b: Any = b) -> Flags:
                return numbers(frame[a]) > numbers(frame[b])

            rules.append(Rule(f"{a} ≤ {b}", "order", above))
    return rules


def _sums(train: pd.DataFrame) -> list[Rule]:
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

            def off(
                frame: pd.DataFrame,
                a: Any = a,
                b: Any = b,
                fixed: float = fixed,
                slack: float = slack,
            ) -> Flags:
                return np.abs(numbers(frame[a]) + numbers(frame[b]) - fixed) > slack

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

            def apart(
                frame: pd.DataFrame, a: Any = a, b: Any = b, c: Any = c, slack: float = slack
            ) -> Flags:
                parts = numbers(frame[a]) + numbers(frame[b])
                return np.abs(parts - numbers(frame[c])) > slack

            rules.append(Rule(f"{a} + {b} = {c}", "sum", apart))
    return rules


def _discrete(frame: pd.DataFrame) -> dict[Any, NDArray[np.str_]]:
    """Return columns of few values as text: categories, and numbers that repeat."""
    columns = {}
    for name in frame.columns:
        values = texts(frame[name])
        count = len(np.unique(values))
        if 2 <= count <= min(MOST_VALUES, len(values) // LEAST_ROWS_PER_VALUE):
            columns[name] = values
    return dict(list(columns.items())[:MOST_CATEGORICAL])


def _determined(train: pd.DataFrame) -> list[Rule]:
    columns = _discrete(train)
    rules = []
    for a in columns:
        for b in columns:
            if a == b:
                continue
            pairs = np.unique(np.stack([columns[a], columns[b]]), axis=1)
            if pairs.shape[1] != len(np.unique(columns[a])):
                continue
            implied = dict(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))

            def other(
                frame: pd.DataFrame, a: Any = a, b: Any = b, implied: dict[str, str] = implied
            ) -> Flags:
                given, found = texts(frame[a]), texts(frame[b])
                # A value that training rows never had implies nothing.
                return np.array(
                    [implied.get(x, y) != y for x, y in zip(given, found, strict=True)], dtype=bool
                )

            rules.append(Rule(f"{a} determines {b}", "determined", other))
    return rules


def _never_together(train: pd.DataFrame) -> list[Rule]:
    columns = _discrete(train)
    n = len(train)
    rules = []
    for a, b in combinations(columns, 2):
        left, left_codes = np.unique(columns[a], return_inverse=True)
        right, right_codes = np.unique(columns[b], return_inverse=True)
        together = np.zeros((len(left), len(right)))
        np.add.at(together, (left_codes, right_codes), 1.0)
        expected = np.outer(together.sum(axis=1), together.sum(axis=0)) / n
        for i, j in np.argwhere((together == 0) & (expected >= LEAST_EXPECTED)):

            def meet(
                frame: pd.DataFrame,
                a: Any = a,
                b: Any = b,
                x: str = str(left[i]),
                y: str = str(right[j]),
            ) -> Flags:
                return (texts(frame[a]) == x) & (texts(frame[b]) == y)

            x, y = (str(value).replace("\0", "") for value in (left[i], right[j]))
            rules.append(Rule(f"{a} = {x} never with {b} = {y}", "never together", meet))
    return rules
