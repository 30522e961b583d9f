"""Tables from CSV and Parquet files and from DataFrames, with their label column found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.data.arrays import is_quantity, read_classes
from further.data.dataset import Dataset
from further.data.formats.csv_file import Content, read_csv
from further.data.preparation.columns import (
    for_each,
    is_constant,
    nearest,
    quoted,
    typed_table,
    why_useless,
)
from further.data.preparation.declarations import as_declared, declare
from further.data.preparation.doubts import Look, doubts, look_at
from further.data.preparation.missing_values import MissingValues
from further.errors import InputError

#: Names under which tables commonly keep the label, in the order in which they are looked for.
TARGET_NAMES = (
    "class", "target", "label", "labels", "species", "type", "category", "outcome", "diagnosis",
    "y",
)  # fmt: skip
MOST_CLASSES_GUESSED = 20


def load_table(
    path: Path, content: Content | None, *, header: bool | None = None, **options: Any
) -> Dataset:
    """Return the table of a CSV or a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes, mmap or None
        Of a CSV file, decompressed; None for Parquet.
    header : bool, optional
        As in :func:`further.data.load`.
    **options
        As :func:`load_frame` has them.

    Returns
    -------
    Dataset
        With its columns typed.
    """
    if content is not None:
        frame, notes = read_csv(
            path,
            content,
            header=header,
            missing=MissingValues.of(options.get("missing_values")),
            declared=declare(options),
        )
    else:
        try:
            frame = pd.read_parquet(path)
        except Exception as error:  # pyarrow has a tree of its own
            reason = str(error).splitlines()[0].rstrip(".")
            raise InputError(f"{path} cannot be read as Parquet: {reason}.") from error
        notes = (f"{path.name}: Parquet, {len(frame)} rows of {frame.shape[1]} columns.",)
    return load_frame(frame, str(path), path.stem, notes, **options)


def load_frame(
    frame: pd.DataFrame,
    place: str = "X",
    name: str = "array",
    notes: tuple[str, ...] = (),
    *,
    target: str | None = None,
    groups: str | None = None,
    attributes: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    identifier: Sequence[str] = (),
    missing_values: Any = None,
    tidy: bool = True,
) -> Dataset:
    """Return a DataFrame as a Dataset: label column, groups, and columns a model can use.

    Parameters
    ----------
    frame : DataFrame
        The whole table.
    place : str
        The file it comes from, for messages.
    name : str
        What to call it in reports.
    notes : tuple of str
        On how it was read.
    target, groups, attributes, categorical, numeric, identifier, missing_values, tidy
        As in :func:`further.data.load`.

    Returns
    -------
    Dataset
        Of kind "table".

    Raises
    ------
    InputError
        For unknown columns, a label without values, and a table from which no model can learn.
    """
    declared = declare({"categorical": categorical, "numeric": numeric, "identifier": identifier})
    missing = MissingValues.of(missing_values)
    if declared or missing != MissingValues():
        frame = typed_table(frame, name=place)
        frame, said = as_declared(frame, place, declared, missing)
        notes += said
    aside = (*(() if groups is None else (groups,)), *attributes)
    known = [str(column) for column in frame.columns]
    for wanted in aside:
        if wanted not in known:
            what = "groups" if wanted == groups else "attributes"
            raise InputError(
                f'{place} has no column "{wanted}" for the {what}{nearest(wanted, known)}; its '
                f"columns are {', '.join(known)}."
            )
    found_target: str | None = None
    if tidy or target is not None:
        candidates = frame.loc[:, [str(c) == target or str(c) not in attributes for c in frame]]
        found_target, target_notes = _choose_target(candidates, place, target)
        notes += target_notes
    twice = {found_target, groups} & set(attributes)
    if twice:
        raise InputError(
            f'{place}: "{twice.pop()}" cannot be an attribute, since it is the label or the '
            "groups; leave it out of the attributes."
        )
    if tidy:
        frame, tidy_notes = _tidy_table(frame, place, (found_target, *aside), declared)
        notes += tidy_notes
    else:
        frame = typed_table(frame, name=place)
    columns = tuple(frame.columns)
    classes = None
    if found_target is not None:
        unlabelled = frame[found_target].isna().to_numpy()
        if unlabelled.all():
            raise InputError(
                f'{place}: the label column "{found_target}" has no value; name another.'
            )
        if unlabelled.any():
            frame = frame[~unlabelled].reset_index(drop=True)
            notes += (f'{unlabelled.sum()} rows without "{found_target}" are left out.',)
        column = frame[found_target]
        classes, why = read_classes(column, len(frame), found_target, f'"{found_target}"')
        if classes is None:
            notes += (*why, f'"{found_target}" stays an ordinary column.')
            found_target = None
    group_values: Any = None
    if groups is not None:
        if frame[groups].isna().any():
            row = int(frame[groups].isna().to_numpy().argmax())
            raise InputError(f'{place}: the group column "{groups}" is empty in row {row}.')
        group_values = np.unique(frame[groups].astype(str).to_numpy(), return_inverse=True)[1]
        notes += (f'Rows with the same "{groups}" stay on one side of a split.',)
    if attributes:
        notes += (f"Kept for audits, seen by no model: {quoted(list(attributes))}.",)
    features = [c for c in frame.columns if c not in (found_target, *aside)]
    if not features:
        raise InputError(f"{place} has no column besides the label, the groups and the attributes.")
    if classes is not None:
        notes += _same_as_label(frame[features], classes.codes)
    return Dataset(
        name=name,
        kind="table",
        values=frame[features],
        target=classes,
        feature_names=tuple(features),
        columns=tuple(column for column in columns if column not in aside),
        groups=group_values,
        attributes=frame[list(attributes)] if attributes else None,
        notes=notes,
        declared={name: what for name, what in declared.items() if name in features},
    )


def _tidy_table(
    frame: pd.DataFrame, name: str, keep: tuple[str | None, ...], declared: Mapping[str, str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the columns that a model can use, with those to keep, and say what was left out."""
    frame = typed_table(frame, name=name)
    left_out: dict[str, list[str]] = {}
    looks: dict[str, Look] = {}

    def judge(column: str) -> str | Look:
        told = declared.get(column)
        first = column == frame.columns[0]
        reason = why_useless(frame[column], first=first, several=frame.shape[1] > 1, declared=told)
        return reason or (Look() if told else look_at(frame[column]))

    columns = [column for column in frame.columns if column not in keep]
    for column, found in zip(columns, for_each(judge, columns), strict=True):
        if isinstance(found, Look):
            looks[column] = found
        else:
            left_out.setdefault(found, []).append(column)
    features = list(looks)
    if not features:
        reasons = "; ".join(f"{quoted(names)}: {reason}" for reason, names in left_out.items())
        reasons = reasons or "each is the label, the groups or an attribute"
        raise InputError(f"{name} has no column that a model can use: {reasons}.")
    notes = [f"Left out: {quoted(names)} ({reason})." for reason, names in left_out.items()]
    constant = [c for c in features if is_constant(frame[c])]
    if len(constant) == len(features) and len(frame) > 1:
        raise InputError(
            f"{name} has no column that varies, so there is nothing to learn from its {len(frame)} "
            "rows."
        )
    if constant and len(frame) > 1:
        notes.append(f"Constant, so always generated as it is: {quoted(constant)}.")
    doubtful, codes = doubts(looks)
    notes += [*doubtful, *codes]
    return frame.drop(columns=[c for names in left_out.values() for c in names]), tuple(notes)


def _choose_target(
    frame: pd.DataFrame, name: str, asked: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the column that holds the label, or None, and a note that says why.

    A column with a customary name (class, target, label, species, type, y, ...), else the last
    column if it holds a few words, booleans or just two numbers.
    """
    names = [str(column) for column in frame.columns]
    if asked is not None:
        return _asked_target(names, str(asked), name)
    lower = {column.strip().lower(): column for column in reversed(names)}
    for customary in TARGET_NAMES:
        found = lower.get(customary)
        if found is None or len(names) == 1:
            continue
        column = frame[found]
        distinct = column.dropna().unique()
        if len(distinct) > 1 and not is_quantity(distinct, len(column)):
            return found, (
                f'The label is the column "{found}", judging by its name; target="none" makes it '
                "an ordinary column.",
            )
    last = frame.iloc[:, -1]
    if len(names) > 1 and _looks_like_classes(last):
        return names[-1], (
            f'The label is the last column, "{names[-1]}", which holds {last.nunique()} classes; '
            'target="none" makes it an ordinary column.',
        )
    return None, ("No column looks like a label; target=COLUMN names one.",)


def _asked_target(names: list[str], asked: str, name: str) -> tuple[str | None, tuple[str, ...]]:
    if asked in names:
        return asked, (f'The label is the column "{asked}", as asked.',)
    alike = [column for column in names if column.strip().lower() == asked.strip().lower()]
    if len(alike) == 1:
        return alike[0], (f'The label is the column "{alike[0]}", as asked.',)
    if asked.strip().lower() in ("none", ""):
        return None, ("No column is the label, as asked.",)
    raise InputError(
        f'{name} has no column "{asked}" for the label{nearest(asked, names)}; its columns are '
        f"{quoted(names, most=20)}."
    )


def _looks_like_classes(column: pd.Series) -> bool:
    distinct = column.dropna().unique()
    if len(distinct) == 2:
        return True
    words = not pd.api.types.is_numeric_dtype(column) and column.dtype.kind not in "Mm"
    few = 2 < len(distinct) <= MOST_CLASSES_GUESSED
    return words and few and not is_quantity(distinct, len(column))


def _same_as_label(features: pd.DataFrame, codes: np.ndarray) -> tuple[str, ...]:
    """Note the columns that say the label in other words."""
    notes: tuple[str, ...] = ()
    n_classes = int(codes.max()) + 1
    for name, column in features.items():
        other, distinct = pd.factorize(column)
        if len(distinct) == n_classes and (other >= 0).all():
            pairs = len(np.unique(other.astype(np.int64) * n_classes + codes))
            if pairs == n_classes:
                notes += (f'"{name}" repeats the label in other words.',)
    return notes
