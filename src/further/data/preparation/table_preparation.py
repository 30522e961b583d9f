r"""From a raw table to the rows that a clustering gets: types, missing values, scale.

A number x of a column with centre c, spread s and median m becomes

.. math:: z = \frac{x' - c}{s}, \qquad x' = \begin{cases} x & \text{x is there} \\
          m & \text{x is missing,} \end{cases}

a date the number of its days, an ordered category its rank; other categories stay what they are,
the missing ones missing. Every decision is recorded, with its reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from further._sklearn import StrOptions
from further.data.preparation.column_decisions import (
    ColumnDecision,
    coordinate_names,
    decide_columns,
    decision_notes,
)
from further.data.preparation.column_text import (
    SECONDS_A_DAY,
    column_kind,
    hours_of,
    is_clock,
    json_value,
    numbers_of,
    write_clock,
    write_value,
)
from further.data.preparation.columns import nearest, quoted, typed_table
from further.data.preparation.doubts import doubts, look_at
from further.data.preparation.scaling import SCALES, Summary, choose_scales
from further.errors import InputError

#: The square of a smaller one has lost digits.
_LEAST_DEVIATION = float(np.finfo(np.float64).tiny ** 0.5)
#: The squares of some thousand such numbers add up to one that can be held.
_LARGEST = 1e150


class TablePreparation(TransformerMixin, BaseEstimator):
    """Decide what each column of a table is, and turn rows into what a clustering takes.

    When to use: before any method of :mod:`further.cluster`, on a table as it comes from a file.
    When it fails: it sees names and values only. A code that looks like a measurement is taken for
    one (``categories=[...]`` corrects that), and a median in place of a missing number makes rows
    look more alike than they may be.

    Parameters
    ----------
    columns : list of str, optional
        The columns to use; None for all that can be used.
    scale : {"auto", "standard", "robust", "none"}, default="auto"
        "auto" scales no columns that share a unit or a range, else to mean 0 and standard deviation
        1, and columns with heavy outliers by median and interquartile range.
    categories : "auto" or list of str, default="auto"
        Columns whose numbers are names of categories, besides those that are found.
    declared : dict of str to {"numeric", "categorical", "identifier"}, optional
        What columns are, whatever they look like.

    Attributes
    ----------
    decisions_ : list of ColumnDecision
        One a column of the table, in its order.
    notes_ : list of str
        What was decided about types, missing values and scaling, in sentences.
    doubts_ : list of str
        Where values may be read in two ways, in sentences that name the option for the other one.
    columns_ : list of str
        The columns of what :meth:`transform` returns.
    coordinates_ : (str, str) or None
        The names of latitude and longitude.
    categories_ : dict of str to list
        The categories of a column, of an ordered one in their order.

    Examples
    --------
    >>> table = pd.DataFrame({"height": [1.0, 2.0, 3.0], "mass": [10.0, None, 30.0]})
    >>> preparation = TablePreparation().fit(table)
    >>> preparation.transform(table).round(2).tolist()
    [[-1.22, -1.0], [0.0, 0.0], [1.22, 1.0]]
    >>> preparation.notes_[1]
    'Missing numbers are replaced by the median of their column: "mass" (1 of 3 rows).'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "columns": ["array-like", None],
        "scale": [StrOptions(set(SCALES))],
        "categories": ["array-like", StrOptions({"auto"})],
        "declared": [dict, None],
    }

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        scale: str = "auto",
        categories: Sequence[str] | str = "auto",
        declared: Mapping[str, str] | None = None,
    ) -> None:
        self.columns = columns
        self.scale = scale
        self.categories = categories
        self.declared = declared

    def fit(self, frame: Any, y: Any = None) -> TablePreparation:
        """Decide on the columns of a table.

        Parameters
        ----------
        frame : DataFrame or array of shape (n, d)
            Numbers, booleans, categories, dates, text; missing values are welcome.
        y : None
            Ignored.

        Returns
        -------
        self
            The fitted preparation.

        Raises
        ------
        InputError
            For an unknown column, duplicated names, infinity, types that are no numbers, words or
            dates, and if no column is left.
        """
        self._validate_params()
        table = typed_table(_as_frame(frame), name="X")
        names = list(table.columns)
        asked = None if self.columns is None else _known(self.columns, names, "columns")
        named = [] if isinstance(self.categories, str) else list(self.categories)
        decisions = decide_columns(
            table, asked, _known(named, names, "categories"), self.declared or {}
        )
        summaries = self._summaries(decisions, table)
        decisions = [_judged_again(line, summaries.get(line.name)) for line in decisions]
        used = [line for line in decisions if line.used]
        if not used:
            reasons = "; ".join(f'"{c.name}": {c.why[:-1].lower()}' for c in decisions[:8])
            end = " and so on." if len(decisions) > 8 else "."
            raise InputError(f"X has no column to cluster by: {reasons}{end}")
        summaries = {line.name: summaries[line.name] for line in used if line.name in summaries}
        scales, said = choose_scales(
            summaries,
            {line.name: line.type for line in used},
            self.scale,
            alone=len(summaries) == len(used),
        )
        self.decisions_ = [
            _scaled(line, summaries[line.name], scales[line.name]) if line.name in scales else line
            for line in decisions
        ]
        self._prepare()
        undeclared = [
            line.name
            for line in used
            if line.type == "number" and line.name not in (self.declared or {})
        ]
        self.doubts_, codes = doubts({name: look_at(table[name]) for name in undeclared})
        self.notes_ = [*decision_notes(self.decisions_, len(table)), *codes, said]
        if self.coordinates_ is not None and len(used) > 2:
            self.notes_.append(
                f"{quoted(list(self.coordinates_))} take part as plain numbers beside the others; "
                "alone they are clustered by their distance on the sphere."
            )
        return self

    def transform(self, frame: Any) -> np.ndarray | pd.DataFrame:
        """Return rows as a clustering takes them.

        Parameters
        ----------
        frame : DataFrame or array of shape (n, d)
            With the columns that are used; others are ignored.

        Returns
        -------
        array of shape (n, d), float64, or DataFrame
            An array where all used columns are numeric; else a DataFrame of scaled numbers and
            pandas categories, the missing ones missing and those that training did not see added.

        Raises
        ------
        InputError
            If a column is missing, or holds text where there were numbers.
        """
        check_is_fitted(self, "decisions_")
        table = _as_frame(frame)
        names = [str(column).strip() for column in table.columns]
        for name in self.columns_:
            if name not in names:
                raise InputError(
                    f'There is no column "{name}", which the clustering was made '
                    f"with{nearest(name, names)}; the columns are {quoted(names, most=20)}."
                )
        chosen = table.iloc[:, [i for i, name in enumerate(names) if name in self._by_name]]
        table = typed_table(chosen, name="X")
        columns: dict[str, Any] = {}
        for name in self.columns_:
            line = self._by_name[name]
            if line.role == "categorical":
                columns[name] = _categorical(table[name], self.categories_[name])
                continue
            values = self._numbers(line, table[name])
            values = np.where(np.isnan(values), line.fill or 0.0, values)
            columns[name] = (values - (line.center or 0.0)) / (line.spread or 1.0)
            beyond = np.abs(columns[name]) > _LARGEST
            if beyond.any():
                row = int(beyond.argmax())
                raise InputError(
                    f'The column "{name}" holds {values[row]:.3g} in row {row}, whose square is '
                    "beyond what a number can hold; correct it, or leave it empty."
                )
        if all(self._by_name[name].role == "numeric" for name in self.columns_):
            return np.column_stack(list(columns.values()))
        return pd.DataFrame(columns)

    def inverse(self, rows: Any) -> pd.DataFrame:
        """Return prepared rows, such as centres, in the units of the table.

        Parameters
        ----------
        rows : array of shape (k, d) or DataFrame
            Columns as :meth:`transform` returns them.

        Returns
        -------
        DataFrame
            Numbers, dates and categories; of an ordered category the one with the nearest rank.
        """
        check_is_fitted(self, "decisions_")
        table = pd.DataFrame(rows)
        if table.shape[1] != len(self.columns_):
            raise InputError(
                f"The rows have {table.shape[1]} columns, but the prepared table has "
                f"{len(self.columns_)}: {quoted(self.columns_)}."
            )
        columns: dict[str, Any] = {}
        for place, name in enumerate(self.columns_):
            line, values = self._by_name[name], table.iloc[:, place]
            if line.role == "categorical":
                columns[name] = values.to_numpy(dtype=object)
                continue
            numbers = values.to_numpy(dtype=np.float64) * (line.spread or 1.0)
            numbers += line.center or 0.0
            if line.type == "date":
                seconds = np.round(numbers * SECONDS_A_DAY).astype("int64")
                columns[name] = seconds.astype("datetime64[s]")
            elif line.type == "time":
                columns[name] = [write_clock(hours) for hours in numbers]
            elif line.type == "category":
                ranks = np.clip(np.round(numbers), 0, len(self.categories_[name]) - 1)
                columns[name] = [self.categories_[name][int(rank)] for rank in ranks]
            else:
                columns[name] = numbers
        return pd.DataFrame(columns)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON, for :meth:`from_json`."""
        check_is_fitted(self, "decisions_")
        return {
            "schema": 1,
            "columns": None if self.columns is None else [str(name) for name in self.columns],
            "scale": self.scale,
            "categories": self.categories
            if isinstance(self.categories, str)
            else [str(name) for name in self.categories],
            "declared": None if self.declared is None else dict(self.declared),
            "decisions": [line.to_dict() for line in self.decisions_],
            # Pairs, since a name may be any text and the values any type.
            "values": [[name, values] for name, values in self.categories_.items()],
            "coordinates": None if self.coordinates_ is None else list(self.coordinates_),
            "notes": list(self.notes_),
            "doubts": list(self.doubts_),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> TablePreparation:
        """Return what :meth:`to_json` recorded; it transforms rows to the same numbers."""
        preparation = cls(
            record["columns"], record["scale"], record["categories"], record.get("declared")
        )
        preparation.decisions_ = [ColumnDecision(**line) for line in record["decisions"]]
        preparation.categories_ = {name: list(values) for name, values in record["values"]}
        preparation.notes_ = list(record["notes"])
        preparation.doubts_ = list(record.get("doubts", ()))
        preparation._prepare()
        return preparation

    def _summaries(
        self, decisions: list[ColumnDecision], table: pd.DataFrame
    ) -> dict[str, Summary]:
        """Summarise the numeric columns, and keep the categories of the others."""
        self.categories_ = {
            line.name: _categories(table[line.name])
            for line in decisions
            if line.used and (line.role == "categorical" or line.type == "category")
        }
        summaries = {}
        for line in decisions:
            if line.used and line.role == "numeric":
                values = self._numbers(line, table[line.name])
                found = Summary.of(values[~np.isnan(values)])
                if not np.isfinite(found.deviation):
                    largest = max(found.low, found.high, key=abs)
                    raise InputError(
                        f'The column "{line.name}" holds {largest:.3g}, whose square is beyond '
                        "what a number can hold; give it in a larger unit."
                    )
                if found.varies and found.deviation < _LEAST_DEVIATION:
                    raise InputError(
                        f'The column "{line.name}" holds {found.low:.3g} to {found.high:.3g}, '
                        "differences whose squares are below what a number can hold; give it in a "
                        "smaller unit."
                    )
                summaries[line.name] = found
        return summaries

    def _prepare(self) -> None:
        self._by_name = {line.name: line for line in self.decisions_ if line.used}
        self.columns_ = list(self._by_name)
        self.coordinates_ = coordinate_names(self.decisions_)
        if self.coordinates_ is not None and len(self.columns_) == 2:
            # Distances on the sphere take latitude first.
            self.columns_ = list(self.coordinates_)

    def _numbers(self, line: ColumnDecision, column: pd.Series) -> np.ndarray:
        """Return the numbers of a column, NaN where missing, before any scaling."""
        kind = column_kind(column)
        if line.type == "category":
            return self._ranks(line.name, column)
        if line.type == "time" and is_clock(column.dropna()):
            return hours_of(column)
        wanted = "M" if line.type == "date" else "biuf"
        if kind not in wanted and column.notna().any():
            row = int(column.notna().to_numpy().argmax())
            what = "a date" if line.type == "date" else "a number"
            raise InputError(
                f'The column "{line.name}" holds {json_value(column.iloc[row])!r} in row {row}, '
                f"but the clustering was made with {what} there; correct it, or leave it empty."
            )
        if kind not in wanted:
            return np.full(len(column), np.nan)
        return numbers_of(column)

    def _ranks(self, name: str, column: pd.Series) -> np.ndarray:
        known = self.categories_[name]
        codes = _categorical(column, known).codes.astype(np.float64)
        unknown = codes >= len(known)
        if unknown.any():
            row = int(unknown.argmax())
            raise InputError(
                f'The column "{name}" holds {json_value(column.iloc[row])!r} in row {row}, '
                "which has no rank among its ordered categories: "
                f"{quoted([str(value) for value in known])}."
            )
        return np.where(codes < 0, np.nan, codes)


def _as_frame(X: Any) -> pd.DataFrame:
    """Return a table; the columns of an array are x0, x1 and so on."""
    if isinstance(X, pd.DataFrame):
        return X
    array = np.asarray(X)
    if array.ndim != 2:
        raise InputError(f"X has the shape {array.shape}; give a table of rows and columns.")
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def _known(asked: Any, names: list[str], what: str) -> list[str]:
    """Return the names asked for, and refuse one that is no column."""
    wanted = [asked] if isinstance(asked, str) else [str(name) for name in asked]
    for name in wanted:
        if name not in names:
            raise InputError(
                f'{what}: there is no column "{name}"{nearest(name, names)}; the columns are '
                f"{quoted(names, most=20)}."
            )
    return wanted


def _categories(column: pd.Series) -> list[Any]:
    """Return the categories of a column: all of an ordered one, else those that occur, sorted."""
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        return [json_value(value) for value in column.cat.categories]
    values = {json_value(value) for value in column.dropna().unique()}
    return sorted(values, key=lambda value: (isinstance(value, str), value))


def _categorical(column: pd.Series, known: list[Any]) -> pd.Categorical:
    """Return a column with its known categories, and after them those that are new."""
    # A look-up for each distinct value: a million rows have few of them.
    codes, distinct = pd.factorize(column)
    values = [json_value(value) for value in distinct]
    if known and all(isinstance(value, str) for value in known):
        # A part of a file may hold only those of its words that read as numbers.
        values = [v if isinstance(v, str) else write_value(v) for v in values]
    place = {value: i for i, value in enumerate(known)}
    for value in values:
        place.setdefault(value, len(place))
    lookup = np.array([*(place[value] for value in values), -1], dtype=np.int64)
    return pd.Categorical.from_codes(lookup[codes], categories=pd.Index(list(place)))


def _judged_again(line: ColumnDecision, summary: Summary | None) -> ColumnDecision:
    """Leave out numbers that differ by rounding errors only: scaled, they would be noise."""
    if summary is None or summary.varies:
        return line
    why = f"Constant but for rounding errors: {summary.median:g}."
    return dataclasses.replace(line, type="constant", used=False, role=None, why=why)


def _scaled(line: ColumnDecision, summary: Summary, scale: str) -> ColumnDecision:
    scale, center, spread = summary.scaled(scale)
    # Half a category, or half of yes, is no value that a row could have.
    whole = line.type in ("binary", "category")
    fill = float(np.floor(summary.median)) if whole and summary.whole else summary.median
    return dataclasses.replace(line, scale=scale, center=center, spread=spread, fill=fill)
