"""What is to be predicted: which column, a class or a number, and from which other columns.

A target of words or truth values is one of classes, and so is one of few whole numbers; other
numbers are a quantity. Columns that say the same as the target leak it, and no model sees them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from further.compare.source import read_input
from further.data.arrays import classes_of
from further.data.dataset import Dataset, with_target
from further.data.formats.named import NAMES
from further.data.preparation.columns import nearest, quoted
from further.data.preparation.copies import copies
from further.data.target import Classes, Numbers
from further.errors import InputError

TASKS = {"classes": "classification", "numbers": "regression"}
#: Numbers of more different values than this are a quantity.
MOST_CLASSES_OF_NUMBERS = 20
#: A class of fewer rows cannot be learnt and held out at once.
FEWEST_OF_A_CLASS = 2
FEWEST_ROWS = 10


@dataclass(frozen=True)
class Question:
    """Rows with their target, and what was decided about them."""

    dataset: Annotated[Dataset, "Rows and target, without columns that leak it."]
    task: Annotated[str, '"classification" or "regression".']
    told: Annotated[str, "How the task is known, in a sentence."]
    left_out: Annotated[dict[str, str], "Columns that no model sees, and why."]


def read_question(
    data: Any,
    y: Any = None,
    *,
    target: str | None = None,
    task: str | None = None,
    **loading: Any,
) -> Question:
    """Read the rows and what is to be predicted of them.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name, a file or folder, or the data themselves.
    y : array of shape (n,), optional
        The target of data given in memory.
    target : str, optional
        The column to predict; default: the label that the data have.
    task : {"classification", "regression"}, optional
        What the target is; default: as its values are.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Question
        With a target of classes or of numbers.

    Raises
    ------
    InputError
        If there is no such column, nothing to predict, or too little to learn from.
    """
    named = isinstance(data, str) and data.strip().lower().replace("-", "_") in NAMES
    asked = {} if named or target is None else {"target": target}
    dataset = read_input(data, None, **asked, **loading)
    if y is not None:
        column: Any = pd.Series(np.asarray(y), name=str(getattr(y, "name", None) or "y"))
    else:
        dataset, column = _target_column(dataset, target)
    task, told = _task_of(column, task, dataset)
    name = str(column.name)
    present = column.notna().to_numpy()
    notes = dataset.notes
    if not present.all():
        dataset, column = dataset.take(np.flatnonzero(present)), column[present]
        notes = (*notes, f'{(~present).sum()} rows without "{name}" are left out.')
    dataset, left_out = _without_leaks(dataset, column)
    if task == "regression":
        dataset = with_target(dataset, _numbers(column, name))
    else:
        dataset, scarce = _with_classes(dataset, column, name)
        notes = (*notes, *scarce)
    if len(dataset) < FEWEST_ROWS:
        raise InputError(
            f"{dataset.name} has {len(dataset)} rows with a target; a model and its judgement need "
            f"at least {FEWEST_ROWS}."
        )
    return Question(dataclasses.replace(dataset, notes=notes), task, told, left_out)


def _target_column(dataset: Dataset, target: str | None) -> tuple[Dataset, pd.Series]:
    """Return the rows without the target, and the target."""
    has = dataset.target
    if isinstance(has, Classes) and target in (None, has.name):
        return dataclasses.replace(dataset, target=None), has.column()
    if isinstance(has, Numbers) and target in (None, has.name):
        return dataclasses.replace(dataset, target=None), pd.Series(has.values[:, 0], name=has.name)
    if target is None:
        columns = f" of {quoted(list(dataset.feature_names))}" if dataset.feature_names else ""
        raise InputError(f"{dataset.name} has no label; name the column to predict{columns}.")
    if dataset.kind != "table":
        raise InputError(f'{dataset.name} consists of pictures, which have no column "{target}".')
    names = list(dataset.feature_names)
    by_lower = {name.strip().lower(): name for name in names}
    found = target if target in names else by_lower.get(target.strip().lower())
    if found is None:
        raise InputError(
            f'{dataset.name} has no column "{target}"{nearest(target, names)}; its columns are '
            f"{', '.join(names)}."
        )
    others = tuple(name for name in names if name != found)
    if not others:
        raise InputError(f'{dataset.name} has no column besides "{found}" to predict it from.')
    column = dataset.frame[found]
    rest = dataset.frame[list(others)]
    return dataclasses.replace(dataset, values=rest, feature_names=others, target=None), column


def _task_of(column: pd.Series, asked: str | None, dataset: Dataset) -> tuple[str, str]:
    """Return the task, and how it is known."""
    name = str(column.name)
    present = column.dropna()
    n_distinct = int(present.nunique())
    if n_distinct == 0:
        raise InputError(f'The target "{name}" of {dataset.name} has no value.')
    is_number = is_numeric_dtype(column) and not is_bool_dtype(column)
    if asked is not None:
        if asked == "regression" and not is_number:
            example = present.iloc[0]
            raise InputError(
                f'The target "{name}" holds "{example}", which is no number; for a regression name '
                "a column of numbers, or take --task classification."
            )
        return asked, f'The target is "{name}", and {asked} was asked for.'
    whole = is_number and bool((present == np.floor(present)).all())
    if is_number and (not whole or n_distinct > MOST_CLASSES_OF_NUMBERS):
        return "regression", (
            f'The target "{name}" holds {n_distinct} different numbers, so this is a regression; '
            "--task classification would take each for a class."
        )
    other = "; --task regression would predict it as a number" * is_number
    return "classification", (
        f'The target "{name}" holds {n_distinct} classes, so this is a classification{other}.'
    )


def _numbers(column: pd.Series, name: str) -> Numbers:
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        row = int((~np.isfinite(values)).argmax())
        raise InputError(f'The target "{name}" is infinite in row {row}; leave that row out.')
    if np.ptp(values) == 0:
        raise InputError(
            f'The target "{name}" is {values[0]:g} in every row, so there is nothing to predict.'
        )
    return Numbers(name, values[:, None], (name,))


def _with_classes(
    dataset: Dataset, column: pd.Series, name: str
) -> tuple[Dataset, tuple[str, ...]]:
    """Return the rows with their class, without classes that cannot be learnt and held out."""
    classes = classes_of(column, len(column), name)
    counts = classes.counts()
    if len(counts) == 1:
        raise InputError(
            f'The target "{name}" is {classes.names[0]} in every row, so there is nothing to '
            "predict."
        )
    scarce = [str(classes.names[k]) for k in np.flatnonzero(counts < FEWEST_OF_A_CLASS)]
    if not scarce:
        return with_target(dataset, classes), ()
    kept = np.flatnonzero(counts[classes.codes] >= FEWEST_OF_A_CLASS)
    if len(counts) - len(scarce) < 2:
        raise InputError(
            f'The target "{name}" has {len(counts)} classes, of which fewer than two have '
            f"{FEWEST_OF_A_CLASS} rows: they are names rather than classes."
        )
    left = classes_of(column.iloc[kept], len(kept), name)
    shown = quoted(scarce[:5]) + (f" and {len(scarce) - 5} more" if len(scarce) > 5 else "")
    note = (
        f"Rows of classes with a single row are left out, since it cannot be learnt and held out "
        f"at once: {shown}."
    )
    return with_target(dataset.take(kept), left), (note,)


def _without_leaks(dataset: Dataset, column: pd.Series) -> tuple[Dataset, dict[str, str]]:
    """Return the rows without columns that say the same as the target."""
    if dataset.kind != "table":
        return dataset, {}
    frame = dataset.frame
    # A name of its own, so that a column of the same name is no target.
    answer = column.reset_index(drop=True).rename("\0target")
    same = [name for name, of in copies([answer, *(frame[c] for c in frame)]).items()
            if of == answer.name]  # fmt: skip
    if not same:
        return dataset, {}
    if len(same) == frame.shape[1]:
        raise InputError(
            f'{quoted(same)} say the same as the target "{column.name}", and there is no other '
            "column to predict it from."
        )
    others = tuple(name for name in dataset.feature_names if name not in same)
    kept = dataclasses.replace(dataset, values=frame[list(others)], feature_names=others)
    return kept, dict.fromkeys(same, f'it says the same as the target "{column.name}"')
