"""What the texts of a column are: whole numbers, numbers, truth values, dates, or words.

Every row is looked at. What programs write (plain numbers, true and false, ISO dates) comes first
and costs one conversion; all else is decided on the distinct texts, of which a long table has few.
What is read in another way than it is written is told, and so is why a column that looks like
numbers or dates is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from further.data.formats.date_text import is_date, read_compact_dates, read_dates
from further.data.formats.number_text import Numbers, has_leading_zeros, read_numbers
from further.data.preparation.missing_values import MISSING, MISSING_AMONG_NUMBERS

#: A column in which no more than this share is no number has faults, not categories.
FAULTS = 0.05
FEW_VALUES = 20
#: Where more than this share are numbers, it is told why all are taken for words.
MANY = 0.5
MOSTLY = 0.9
#: So many distinct texts show whether any of a column's can be a date.
PROBED = 200
EXACT_INTEGERS = 2**53
_EIGHT_DIGITS = (18_000_101, 22_001_231)
#: 2020-02-29, 2020-02-29 18:30, 2020-02-29 18:30:59.
_LENGTHS_OF_DATES = (10, 16, 19)
_NULLABLE = {pa.bool_(): pd.BooleanDtype()}.get
#: A typed column: numbers as an array, other values as a Series.
Values = pd.Series | np.ndarray


@dataclass(frozen=True)
class Found:
    """A column with its type, and what there is to say about it.

    Attributes
    ----------
    values : Series or array
        int64, Int64 (with missing values), float64, bool, boolean, datetime64 or str.
    decimal : {".", ","} or None
        The decimal sign that occurs.
    order : {"day first", "month first"} or None
        What comes first in dates, where their values decide it.
    left_open : {"decimal", "order"} or None
        What the values leave open and another column may decide.
    told : list of (str, str)
        A heading under which columns are named together, and what is particular to this one.
    """

    values: Values
    decimal: str | None = None
    order: str | None = None
    left_open: str | None = None
    told: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class TextColumn:
    """A column of texts, to be given its type.

    Attributes
    ----------
    texts : chunked array of str
        One a row.
    refuse : callable
        Raises the error for a text and what is wrong with it.
    missing : tuple of str
        Texts that stand for nothing, besides the customary ones.
    wanted : {"numeric", "categorical", "identifier"} or None
        What the user says that it is.
    decimal, order : str or None
        What other columns decided.
    """

    texts: pa.ChunkedArray
    refuse: Callable[[str, str], NoReturn]
    missing: tuple[str, ...] = ()
    wanted: str | None = None
    decimal: str | None = None
    order: str | None = None

    def read(self) -> Found:
        """Return the column with its type."""
        self._told: list[tuple[str, str]] = []
        is_word = self.wanted in ("categorical", "identifier")
        customary = self.wanted is None and self.decimal is None
        if customary and (found := _plain(self.texts)) is not None:
            return found
        nothing = pa.array([*MISSING, *self.missing])
        probed = pa.chunked_array([_some_of(self.texts)])
        if customary and _plain(_without(nothing, probed)) is not None:
            given = _without(nothing, self.texts)
            found = _plain(given)
            if found is not None:
                absent = self.texts.filter(pc.is_null(given))
                self._tell_missing(pc.utf8_trim_whitespace(absent))
                return replace(found, told=self._told)
        encoded = pc.dictionary_encode(self.texts.combine_chunks())
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        distinct = pc.utf8_trim_whitespace(encoded.dictionary)
        absent = pc.is_in(distinct, nothing)
        found = None
        if pc.all(absent).as_py():
            found = Found(np.full(len(distinct), np.nan))
        elif not is_word:
            among = pc.is_in(pc.utf8_lower(distinct), pa.array(MISSING_AMONG_NUMBERS))
            given = pc.invert(pc.or_(absent, among))
            present = distinct.filter(given)
            for read in (self._truth_values, self._numbers, self._dates):
                if found is None and len(present):
                    found = read(present)
            if found is not None:
                given = given.to_numpy(zero_copy_only=False)
                found, absent = replace(found, values=_spread(found.values, given)), ~given
        if found is None and distinct.equals(encoded.dictionary) and not pc.any(absent).as_py():
            return Found(self.texts.to_pandas(), told=self._told)
        if found is None:
            words = pc.if_else(absent, pa.scalar(None, pa.string()), distinct)
            found = Found(words.to_pandas().astype("str"))
        self._tell_missing(distinct.take(pa.array(codes[np.asarray(absent)[codes]])))
        return replace(found, values=_take(found.values, codes), told=self._told)

    def _truth_values(self, texts: pa.Array) -> Found | None:
        lower = pc.utf8_lower(texts)
        if self.wanted or not pc.all(pc.is_in(lower, pa.array(["true", "false"]))).as_py():
            return None
        return Found(pd.Series(pc.equal(lower, "true").to_pylist(), dtype="boolean"))

    def _numbers(self, texts: pa.Array) -> Found | None:
        numbers = read_numbers(texts, self.decimal)
        values, wrong = numbers.values, np.isnan(numbers.values)
        if numbers.doubt is not None:
            self._told.append(("Text, although there are numbers in it", numbers.doubt))
            return None
        infinite = texts.filter(pc.match_substring_regex(texts, r"(?i)^[-+]?inf(?:inity)?$"))
        if len(infinite) and wrong.sum() == len(infinite) < len(texts):
            self.refuse(infinite[0].as_py(), "is infinite")
        if wrong.all() or (wrong.mean() > MANY and self.wanted != "numeric"):
            begins = pc.match_substring_regex(
                texts, r"^[<>=~]{0,2}\s?[-+]?\d+(?:[.,]\d+)?\s?\D{0,12}$"
            )
            if pc.mean(begins).as_py() > MOSTLY:
                example = texts.filter(pa.array(wrong))[0].as_py()
                self._told.append(("Text, although it begins with a number", f'"{example}"'))
            return None
        if self.wanted != "numeric":
            if numbers.codes is not None:
                if not wrong.any():
                    self._told.append(("Codes, not numbers", numbers.codes))
                return None
            if wrong.any():
                self._refuse_faults(texts, wrong)
                return None
        elif wrong.any():
            odd = texts.filter(pa.array(wrong)).to_pylist()
            shown = ", ".join(f'"{text}"' for text in odd[:3])
            more = f" and {len(odd) - 3:,} more" if len(odd) > 3 else ""
            self._told.append(("Missing where it holds no number, as asked", shown + more))
        self._tell_numbers(texts, numbers)
        if numbers.whole and self.wanted is None and len(texts) > 1:
            dates = read_compact_dates(values)
            if dates is not None:
                example = f"{texts[0].as_py()} is {dates[0]:%Y-%m-%d}"
                self._told.append(("Dates of eight digits", example))
                return Found(dates)
        left_open = "decimal" if numbers.is_ambiguous else None
        if numbers.whole and np.nanmax(np.abs(values)) < EXACT_INTEGERS:
            whole = pd.Series(pd.array(values, dtype="Float64")).astype("Int64")
            return Found(whole, left_open=left_open)
        return Found(values, decimal=numbers.decimal, left_open=left_open)

    def _refuse_faults(self, texts: pa.Array, wrong: np.ndarray) -> None:
        """Refuse what is no number in a column of numbers, or tell why they are words."""
        odd = texts.filter(pa.array(wrong))[0].as_py()
        if wrong.mean() <= FAULTS and len(texts) > FEW_VALUES:
            self.refuse(odd, "is not a number, as the rest of the column is")
        if wrong.mean() < MANY:
            self._told.append(
                ("Words, although most values are numbers (--numeric COLUMN or --missing-values "
                 "VALUE reads numbers)", f'"{odd}"')
            )  # fmt: skip

    def _tell_numbers(self, texts: pa.Array, numbers: Numbers) -> None:
        how = []
        if numbers.affix is not None:
            how.append(f"without {numbers.affix}")
        if numbers.has_thousands:
            how.append("thousands separated")
        if numbers.decimal == ",":
            how.append("decimal comma")
        if numbers.has_brackets:
            how.append("negative in brackets")
        if not how:
            return
        longest = int(np.argmax(pc.utf8_length(texts).to_numpy(zero_copy_only=False)))
        example = f'"{texts[longest].as_py()}" is {numbers.values[longest]:.15g}'
        if numbers.is_ambiguous and self.decimal is None:
            how.append("which nothing in the file confirms or denies")
        self._told.append(("Read as numbers", f"{', '.join(how)}: {example}"))

    def _dates(self, texts: pa.Array) -> Found | None:
        probed = _some_of(texts).to_pylist()
        if self.wanted is not None or not all(map(is_date, probed)):
            return None
        dates = read_dates(texts, self.order)
        if dates.values is None:
            if dates.doubt is not None:
                self._told.append(("Text, although it looks like dates", dates.doubt))
            return None
        how = [] if dates.order is None else [dates.order]
        if dates.is_ambiguous and self.order is None:
            how.append("which nothing in the file confirms or denies")
        if dates.has_short_years:
            how.append("years of two digits from 1969 to 2068")
        if how:
            example = f'"{texts[0].as_py()}" is {dates.values[0]:%Y-%m-%d}'
            self._told.append(("Read as dates", f"{', '.join(how)}: {example}"))
        if dates.is_ambiguous:
            return Found(dates.values, left_open="order")
        return Found(dates.values, order=dates.order)

    def _tell_missing(self, texts: pa.Array) -> None:
        counted = [(pair["values"], pair["counts"]) for pair in pc.value_counts(texts).to_pylist()]
        found = [
            f'"{text}" in {rows:,} {"row" if rows == 1 else "rows"}'
            for text, rows in counted
            if text
        ]
        if found:
            more = f" and {len(found) - 3} other texts" if len(found) > 3 else ""
            self._told.append(("Read as missing", ", ".join(found[:3]) + more))


def has_grouped_points(texts: pa.ChunkedArray) -> bool:
    """Whether points may separate thousands in all numbers of a column: 1.234, 12.500."""
    return all(
        pc.all(pc.match_substring_regex(some, r"^[-+]?\d{1,3}(?:\.\d{3})+$|^$")).as_py()
        for some in (_some_of(texts), texts)
    )


def _plain(texts: pa.ChunkedArray) -> Found | None:
    """Return what is written as programs write it, or None for all else."""
    if len(texts) == texts.null_count:
        return None
    whole = _cast(texts, pa.int64())
    if whole is not None:
        return _plain_integers(texts, whole)
    for read in (_plain_floats, _plain_truth_values, _plain_dates):
        if (found := read(texts)) is not None:
            return found
    return None


def _plain_integers(texts: pa.ChunkedArray, whole: pa.ChunkedArray) -> Found | None:
    low, high = pc.min_max(whole).as_py().values()
    could_be_dates = _EIGHT_DIGITS[0] <= low and high <= _EIGHT_DIGITS[1]
    if could_be_dates or max(-low, high) > EXACT_INTEGERS:
        return None
    if has_leading_zeros(texts, signed=low < 0):
        return None
    if not whole.null_count:
        return Found(whole.to_numpy())
    absent, numbers = pc.is_null(whole).to_numpy(), pc.fill_null(whole, 0).to_numpy()
    return Found(pd.Series(pd.arrays.IntegerArray(numbers, absent)))


def _plain_truth_values(texts: pa.ChunkedArray) -> Found | None:
    truth = _cast(texts, pa.bool_())
    # 1 and 0 are truth values for Arrow too.
    if truth is None or pc.min(pc.binary_length(texts)).as_py() < len("true"):
        return None
    return Found(truth.to_pandas(types_mapper=_NULLABLE if truth.null_count else None))


def _plain_dates(texts: pa.ChunkedArray) -> Found | None:
    shortest, longest = pc.min_max(pc.binary_length(texts)).as_py().values()
    if shortest != longest or longest not in _LENGTHS_OF_DATES:
        return None
    moments = _cast(texts, pa.timestamp("us"))
    return None if moments is None else Found(moments.to_pandas())


def _without(nothing: pa.Array, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return trimmed texts, null where they stand for nothing."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(trimmed, nothing), pa.scalar(None, pa.string()), trimmed)


def _cast(texts: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """Return texts as another type, or None if one of them cannot be."""
    try:
        # A conversion that fails takes as long as an error message for each text.
        pc.cast(_some_of(texts), kind)
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return None


def _some_of(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return some texts from beginning to end."""
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays([_some_of(texts.chunk(i)) for i in {0, texts.num_chunks - 1}])
    return texts.take(pa.array(np.arange(0, len(texts), max(1, -(-len(texts) // PROBED)))))


def _plain_floats(texts: pa.ChunkedArray) -> Found | None:
    numbers = _cast(texts, pa.float64())
    if numbers is None:
        return None
    values = numbers.to_numpy()
    finite = np.isfinite(values)
    if np.count_nonzero(finite) + texts.null_count < len(texts):
        return None  # infinity, and words for what is missing
    without_point = finite & (np.floor(values) == values)
    if without_point.any():
        suspects = texts.filter(pa.array(without_point))
        long = pc.match_substring_regex(suspects, r"^[-+]?\d{16,}$")
        if has_leading_zeros(suspects) or pc.any(long).as_py():
            return None
    return Found(values, decimal=".")


def _spread(values: Values, given: np.ndarray) -> Values:
    """Return values at the places that are given, missing elsewhere."""
    if given.all():
        return values
    if isinstance(values, np.ndarray):
        spread = np.full(len(given), np.nan)
        spread[given] = values
        return spread
    return values.set_axis(np.flatnonzero(given)).reindex(range(len(given)))


def _take(values: Values, codes: np.ndarray) -> Values:
    if isinstance(values, np.ndarray):
        return values[codes]
    taken = values.take(codes).reset_index(drop=True)
    if taken.dtype == "Int64" and not taken.isna().any():
        return taken.astype("int64")
    if taken.dtype == "boolean" and not taken.isna().any():
        return taken.astype("bool")
    return taken
