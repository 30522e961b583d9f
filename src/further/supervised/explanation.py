"""What a model says of itself, as data: coefficients, shape functions, a tree, importance.

A model that can be read is explained in its own terms and in the units of the source; of one that
cannot be, only what it depends on is said, and that from outside
(:mod:`further.explain.importance`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Explanation:
    """The base of all explanations.

    Attributes
    ----------
    notes : tuple of str
        What a reader has to know, in sentences.
    """

    kind: ClassVar[str]

    notes: tuple[str, ...] = dataclasses.field(default=(), kw_only=True)

    def to_json(self) -> dict[str, Any]:
        """Return kind and fields as plain JSON."""
        return {"kind": self.kind, **dataclasses.asdict(self)}


@dataclass(frozen=True)
class Constant(Explanation):
    """The same answer for every row.

    Attributes
    ----------
    value : float or dict of str to float
        The number, or the share of each class.
    """

    kind: ClassVar[str] = "constant"

    value: float | dict[str, float]


@dataclass(frozen=True)
class Coefficient:
    """What a column adds.

    Attributes
    ----------
    column : str
        As in the source.
    category : str or None
        Of a column of categories, the one that adds it; None for a unit of a number.
    power : int
        Of the number, 1 in a linear model.
    outcome : str or None
        The class whose log odds it adds to; None where a number is predicted.
    value : float
        In units of the target, or of log odds, for each unit of the column as in the source.
    standardised : float
        For each standard deviation of the column (of the 0 and 1 of a category), and, where a
        number is predicted, in standard deviations of it: the size by which columns compare.
    odds_ratio : float or None
        ``exp(value)``, the factor of the odds; None where a number is predicted.
    """

    column: str
    category: str | None
    outcome: str | None
    value: float
    standardised: float
    odds_ratio: float | None = None
    power: int = 1


@dataclass(frozen=True)
class Coefficients(Explanation):
    """A weighted sum of the columns.

    Attributes
    ----------
    intercept : dict of str to float
        Of each outcome; of the name of the target where a number is predicted.
    coefficients : tuple of Coefficient
        The largest standardised size first.
    """

    kind: ClassVar[str] = "coefficients"

    intercept: dict[str, float]
    coefficients: tuple[Coefficient, ...]


@dataclass(frozen=True)
class ShapeFunction:
    """What a column adds, value by value.

    Attributes
    ----------
    column : str
        As in the source.
    outcome : str or None
        The class whose log odds it adds to; None where a number is predicted.
    x : tuple of float
        Places of a number, ascending, in the units of the source; between them the function is a
        line, before and after them constant. Empty for categories alone.
    y : tuple of float
        What is added there, in units of the target or of log odds.
    categories : dict of str to float
        What each category adds; of a number, what ``missing`` adds in its place.
    standardised : float
        Standard deviation of what it adds over the training rows, and, where a number is
        predicted, in standard deviations of that: the size by which columns compare.
    """

    column: str
    outcome: str | None
    x: tuple[float, ...]
    y: tuple[float, ...]
    categories: dict[str, float]
    standardised: float


@dataclass(frozen=True)
class ShapeFunctions(Explanation):
    """A sum of functions of one column each.

    Attributes
    ----------
    intercept : dict of str to float
        Of each outcome; of the name of the target where a number is predicted.
    functions : tuple of ShapeFunction
        The largest standardised size first.
    """

    kind: ClassVar[str] = "shape functions"

    intercept: dict[str, float]
    functions: tuple[ShapeFunction, ...]


@dataclass(frozen=True)
class Rule:
    """A node of a tree: what it asks, or the answer where it asks nothing more.

    Attributes
    ----------
    n : int
        Training rows that come here.
    value : float or dict of str to float
        The number that is predicted for them, or the share of each class.
    column : str or None
        What is asked about; None in a leaf.
    threshold : float or None
        The question is whether the number is at most that, in the units of the source.
    category : str or None
        The question is whether the column is that.
    text : str
        The question as a sentence would have it, such as "age <= 36.5".
    yes, no : Rule or None
        What follows.
    """

    n: int
    value: float | dict[str, float]
    column: str | None = None
    threshold: float | None = None
    category: str | None = None
    text: str = ""
    yes: Rule | None = None
    no: Rule | None = None

    def walk(self) -> Iterator[Rule]:
        """Give this node and all below it."""
        yield self
        for below in (self.yes, self.no):
            if below is not None:
                yield from below.walk()


@dataclass(frozen=True)
class Tree(Explanation):
    """Nested questions.

    Attributes
    ----------
    root : Rule
        The first question.
    missing : dict of str to float
        The number that stands in where one of a column is missing.
    """

    kind: ClassVar[str] = "tree"

    root: Rule
    missing: dict[str, float]

    @property
    def n_leaves(self) -> int:
        """How many answers there are."""
        return sum(rule.column is None for rule in self.root.walk())

    @property
    def depth(self) -> int:
        """The most questions before an answer."""
        return _depth(self.root)


def _depth(rule: Rule) -> int:
    return max((1 + _depth(below) for below in (rule.yes, rule.no) if below is not None), default=0)


@dataclass(frozen=True)
class ColumnImportance:
    """What a column is worth to a model.

    Attributes
    ----------
    column : str
        As in the source.
    value, low, high : float or None
        How much worse the figure becomes without it, with its interval; None where it was not
        measured.
    """

    column: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Importance(Explanation):
    """What a model depends on that cannot be read.

    Attributes
    ----------
    columns : tuple of ColumnImportance
        The largest first; without values where they have not been measured on held-out rows.
    metric : str or None
        By which figure.
    n : int
        Held-out rows that it was measured on.
    n_repeats : int
        How often each column was shuffled.
    method : str
        How values and intervals were made.
    """

    kind: ClassVar[str] = "importance"

    columns: tuple[ColumnImportance, ...]
    metric: str | None = None
    n: int = 0
    n_repeats: int = 0
    method: str = ""
