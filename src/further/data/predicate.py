"""A condition on the rows of a table, such as ``age > 60 and sex == 'F'``, read from text.

The syntax is that of :meth:`pandas.DataFrame.query`, of which the harmless part is evaluated:
names of columns (in backticks where they are no plain names), numbers, texts and lists of these,
``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``not in``, sums, products and quotients, and
``and``, ``or``, ``not`` or ``&``, ``|``, ``~`` between conditions. Calls, attributes, indices and
variables are refused before pandas sees them.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.errors import InputError, unknown

_ALLOWED = (
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Invert, ast.USub, ast.UAdd, ast.BinOp,
    ast.BitAnd, ast.BitOr, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Eq, ast.NotEq,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List,
    ast.Tuple,
)  # fmt: skip
#: A text, which stays as it is, or a name in backticks.
_QUOTED = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|`([^`]*)`""")
MOST_CHARACTERS = 10_000


class Predicate:
    """A condition on rows.

    Use it for conditions that users type. It fails where rows depend on each other: each row is
    looked at alone.

    Parameters
    ----------
    text : str
        The condition.

    Attributes
    ----------
    columns : list of str
        The columns that it asks about.

    Raises
    ------
    InputError
        If the text is no such condition.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [70, 50, 61], "sex": ["F", "F", "M"]})
    >>> Predicate("age > 60 and sex == 'F'")(frame)
    array([ True, False, False])
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        quoted: list[str] = []

        def plain_name(match: re.Match[str]) -> str:
            if match[1] is not None:
                return match[1]
            quoted.append(match[2])
            return "quoted"

        if len(text) > MOST_CHARACTERS:
            raise InputError(
                f"A condition of {len(text):,} characters is too long; {MOST_CHARACTERS:,} will do."
            )
        try:
            tree = ast.parse(_QUOTED.sub(plain_name, self.text), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._error(f"cannot be read ({getattr(error, 'msg', 'too deep')})") from error
        for node in ast.walk(tree):
            if not isinstance(node, _ALLOWED) or _is_text_calculation(node):
                raise self._error(f'has "{ast.unparse(node)}", which a condition may not have')
        names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        self.columns = [*dict.fromkeys([*(n for n in names if n != "quoted"), *quoted])]
        if not self.columns:
            raise self._error("asks about no column")

    def __call__(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Return for which rows it holds.

        Parameters
        ----------
        frame : DataFrame
            With the columns that it asks about.

        Returns
        -------
        ndarray of bool, shape (n,)
            As pandas decides: a missing value is neither equal to nor larger than anything.

        Raises
        ------
        InputError
            If there is no such column, or numbers are compared with texts.
        """
        named = frame.set_axis([str(column) for column in frame.columns], axis=1)
        for name in self.columns:
            if name not in named:
                raise InputError(unknown("column", name, [str(column) for column in named]))
        try:
            found: Any = named[self.columns].eval(self.text, engine="python")
        except Exception as error:  # whatever pandas or a column's type makes of it
            said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise self._error(f"cannot be evaluated ({said})") from error
        if not isinstance(found, pd.Series) or not pd.api.types.is_bool_dtype(found):
            raise self._error("is neither true nor false of a row")
        return found.to_numpy(dtype=bool, na_value=False, copy=True)

    def _error(self, what: str) -> InputError:
        return InputError(
            f'The condition "{self.text}" {what}; write it like "age > 60 and sex == \'F\'".'
        )


def _is_text_calculation(node: ast.AST) -> bool:
    """Whether it calculates with a text: a short one can be multiplied into gigabytes."""
    if not isinstance(node, ast.BinOp):
        return False
    parts = (node.left, node.right)
    return any(
        isinstance(part, ast.List | ast.Tuple)
        or (isinstance(part, ast.Constant) and not isinstance(part.value, int | float))
        for part in parts
    )
