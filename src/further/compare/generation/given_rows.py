"""Rows that another tool generated, with the rows that it learnt from and rows that it never saw.

The training rows decide what the columns are: test, validation and synthetic rows are conformed to
them and encoded as they are. Validation rows are needed too, since the evaluator reads every figure
against what real rows score; where none are given, half of the test rows serve, never training
rows: a copy of one that is no longer among the training rows would not be found out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.compare.generation.setting import Setting
from further.data.dataset import Dataset
from further.data.formats.tables import load_frame
from further.data.loading import load
from further.data.preparation.columns import nearest
from further.data.preparation.conforming import conform, departures
from further.data.preparation.declarations import declare
from further.data.preparation.missing_values import MissingValues
from further.data.splits import PARTS
from further.data.target import Classes
from further.errors import InputError

FEWEST_ROWS = 10
SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class GivenRows:
    """What is judged, and what it is judged by."""

    setting: Annotated[Setting, "Training, validation and test rows, and the evaluator."]
    synthetic: Annotated[
        Dataset,
        "The generated rows, with the types of the training rows; its notes say what must be known "
        "of them before any figure.",
    ]


def read_given_rows(
    sources: Mapping[str, Any],
    *,
    seed: int = 0,
    target: str | None = None,
    groups: str | None = None,
    attributes: Sequence[str] = (),
    header: bool | None = None,
    **declared: Any,
) -> GivenRows:
    """Read tables and give all of them the columns and types of the training rows.

    Parameters
    ----------
    sources : mapping
        "synthetic", "train", "test" and, where there are such rows, "validation": a path, a name, a
        DataFrame, an array or a Dataset each.
    seed : int
        Of the choice of validation rows, and of the evaluation.
    target, groups, attributes, header
        As :func:`further.data.load` has them, for the training rows; synthetic rows need neither
        the groups nor the attributes.
    **declared
        "categorical", "numeric", "identifier" and "missing_values" likewise, for all rows.

    Returns
    -------
    GivenRows
        With a sentence for each way in which a table departs from the training rows.

    Raises
    ------
    InputError
        For what is no table, columns and values that do not fit, and too few test rows.
    """
    places = _places(sources)
    declared = {name: value for name, value in declared.items() if value not in (None, (), [])}
    given: dict[str, Any] = {"target": target, "groups": groups, "attributes": list(attributes)}
    given = {name: value for name, value in given.items() if value} | declared
    place = places["train"]
    every, notes = _read(sources["train"], place, header, declared)
    train = load_frame(every, place, Path(place).stem, notes, **given)
    # What is declared says so when texts are read, and again when columns are chosen.
    train = replace(train, notes=tuple(dict.fromkeys(train.notes)))
    of_others = _within(declared, train.feature_names)
    read = {
        part: every if part == "train" else _read(source, places[part], header, of_others)[0]
        for part, source in sources.items()
    }
    like = _Like(train, every, place, groups)
    of = {part: like.conform(table, places[part], part) for part, table in read.items()}
    synthetic = of.pop(SYNTHETIC)
    method = "training and test rows as they were given"
    if len(synthetic) < FEWEST_ROWS:
        raise InputError(
            f"{synthetic.name} has {len(synthetic)} rows that can be used; give at least "
            f"{FEWEST_ROWS}."
        )
    if "validation" not in of:
        of["validation"], of["test"], note = _halves(of["test"], seed)
        synthetic = replace(synthetic, notes=(*synthetic.notes, note))
        method += ", half of the test rows taken for validation"
    dataset = _together(train, {part: of[part] for part in PARTS}, groups)
    source = sources["train"]
    dataset = replace(
        dataset,
        source=str(Path(source).resolve()) if isinstance(source, str | Path) else "array",
        options={**given, **({} if header is None else {"header": header})},
    )
    split = replace(dataset.split(seed=seed), method=method)
    setting = Setting(dataset, split, seed, "auto", dataset.classes is not None)
    return GivenRows(setting, synthetic)


def _places(sources: Mapping[str, Any]) -> dict[str, str]:
    """Return what to call each table: the name of its file, with its folder where two share it."""
    paths = {part: Path(s) for part, s in sources.items() if isinstance(s, str | Path)}
    names = [path.name for path in paths.values()]
    return {
        part: f"the {part} rows"
        if part not in paths
        else paths[part].name
        if names.count(paths[part].name) == 1
        else str(paths[part])
        for part in sources
    }


def _read(
    source: Any, place: str, header: bool | None, declared: Mapping[str, Any]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return all columns of a table, that of a label included, and how they were read."""
    on_disk = isinstance(source, str | Path)
    dataset = load(source, tidy=False, header=header if on_disk else None, **declared)
    if dataset.kind != "table":
        raise InputError(f"{place} holds pictures; only tables made elsewhere can be evaluated.")
    frame = dataset.frame
    if dataset.classes is not None:
        frame = frame.assign(**{dataset.classes.name: dataset.classes.column()})
    return frame, dataset.notes


def _within(declared: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return what is declared of some columns, which tables made elsewhere have too."""
    said = declare(declared)
    missing = MissingValues.of(declared.get("missing_values"))
    kept = {
        what: [name for name in columns if said.get(name) == what]
        for what in ("categorical", "numeric")
    }
    kept["missing_values"] = [
        *missing.everywhere,
        *(f"{name}={text}" for name in columns for text in missing.by_column.get(name, ())),
    ]
    return {name: values for name, values in kept.items() if values}


@dataclass(frozen=True)
class _Like:
    """What all tables are conformed to."""

    train: Annotated[Dataset, "The training rows, with the columns that a model can use."]
    table: Annotated[pd.DataFrame, "The same with all columns, and rows without a label."]
    place: Annotated[str, "What to call them."]
    groups: Annotated[str | None, "The column of the groups."]

    def conform(self, table: pd.DataFrame, place: str, part: str) -> Dataset:
        """Return a table as a data set like the training rows; its notes say how it departs."""
        train, classes, notes = self.train, self.train.classes, []
        target: Classes | None = None
        if classes is not None and (classes.name in table or part != SYNTHETIC):
            like = self.table[[classes.name]]
            labels = conform(table, like, place, self.place)[classes.name]
            codes = self._codes(labels, classes, place)
            known = codes >= 0
            if part != "train" and not known.all():
                strange = [str(value) for value in labels[~known].dropna().unique()[:3]]
                told = f" ({', '.join(strange)})" if strange else ""
                notes.append(
                    f"Left out: {(~known).sum():,} of {len(known):,} rows, whose "
                    f'"{classes.name}" is empty or no class of {self.place}{told}.'
                )
            table = table[known].reset_index(drop=True)
            target = replace(classes, codes=codes[known])
        elif classes is not None:
            notes.append(
                f'There is no column "{classes.name}", so what these rows teach about it is not '
                "judged."
            )
        values = conform(table, train.frame, place, self.place)
        if part != "train":
            notes += departures(values, train.frame, self.place)
        unused = [f'"{name}"' for name in table if name not in self.table]
        if unused:
            several = f" and {len(unused) - 3} more" if len(unused) > 3 else ""
            notes.append(
                f"Columns that {self.place} lacks are not looked at: "
                f"{', '.join(unused[:3])}{several}."
            )
        return replace(
            train, name=place, values=values, target=target, notes=tuple(notes), attributes=None,
            groups=None if part == SYNTHETIC else self._groups(table, place),
        )  # fmt: skip

    def _codes(self, labels: pd.Series, classes: Classes, place: str) -> np.ndarray:
        """Return the class of each label, -1 for one that training does not have."""
        known = {name: code for code, name in enumerate(classes.names)}
        codes = labels.map(lambda value: known.get(str(value), -1), na_action="ignore")
        if (codes.fillna(-1) < 0).all():
            raise InputError(
                f'{place}: no "{classes.name}" is a class of {self.place} '
                f"({', '.join(classes.names[:8])}); give the same classes."
            )
        return codes.fillna(-1).to_numpy(dtype=np.int64)

    def _groups(self, table: pd.DataFrame, place: str) -> np.ndarray | None:
        if self.groups is None:
            return None
        if self.groups not in table:
            known = nearest(self.groups, list(table.columns))
            raise InputError(f'{place} has no column "{self.groups}" for the groups{known}.')
        return table[self.groups].astype(str).to_numpy(dtype=object)


def _halves(test: Dataset, seed: int) -> tuple[Dataset, Dataset, str]:
    """Return validation and test rows, half of the test rows each, and a sentence on that."""
    if len(test) < FEWEST_ROWS:
        raise InputError(
            f"{test.name} has {len(test)} rows that can be used, of which half are needed for "
            f"validation; give at least {FEWEST_ROWS}, or validation rows beside them."
        )
    kept = test.split(seed=seed, fractions=(0.0, 0.5, 0.5)).test
    taken = np.setdiff1d(np.arange(len(test)), kept)
    note = (
        f"Of the {len(test):,} rows of {test.name} {len(taken):,}, drawn at random, serve as "
        "validation rows, since none were given (--validation names a file of them)."
    )
    return test.take(taken), test.take(kept), note


def _together(train: Dataset, parts: Mapping[str, Dataset], groups: str | None) -> Dataset:
    """Return the real rows as one data set that knows its split."""
    notes = [*train.notes]
    for name, part in parts.items():
        notes += [f"{name.capitalize()} rows: {note}" for note in part.notes]
    grouped = [part.groups for part in parts.values() if part.groups is not None]
    shared = len(np.intersect1d(grouped[0], grouped[-1])) if grouped else 0
    if shared:
        notes.append(
            f'{shared:,} groups of "{groups}" have training and test rows, which flatters every '
            "figure of what has learnt from them."
        )
    codes = [part.codes for part in parts.values() if part.codes is not None]
    classes = train.classes
    return replace(
        train,
        values=pd.concat([part.frame for part in parts.values()], ignore_index=True),
        target=None if classes is None else replace(classes, codes=np.concatenate(codes)),
        groups=np.unique(np.concatenate(grouped), return_inverse=True)[1] if grouped else None,
        attributes=None,
        official_split=np.repeat(list(parts), [len(part) for part in parts.values()]),
        notes=tuple(notes),
    )
