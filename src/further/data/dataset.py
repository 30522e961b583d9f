"""A data set: values, target, names, and the notes on how it was read."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from further.data.arrays import check_finite, native, native_frame, read_classes, read_pictures
from further.data.picture_array import PictureArray
from further.data.preparation.columns import nearest, typed_table
from further.data.scarce_classes import without_rows
from further.data.spec import TargetSpec
from further.data.splits import DEFAULT_FRACTIONS, Split, split_rows
from further.data.storage import TARGET, read_parts, refuse_unreadable, write_parts
from further.data.target import Classes, Numbers, Target, restore_target
from further.errors import InputError

Kind = Literal["table", "images"]
_PER_ROW = ("values", "official_split", "groups", "attributes", "sizes", "files")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of a table or pictures, with a target if there is one.

    When to use: :func:`further.data.load` and :func:`further.data.as_dataset` make it; the
    constructor is for new formats. When it fails: a table is held in memory as a whole.

    Attributes
    ----------
    name : str
        What to call it in reports.
    kind : {"table", "images"}
        What a row is.
    values : DataFrame, array of shape (n, channels, height, width), or PictureArray
        The features of a table without its target; pictures as uint8 grey levels or float32, in
        memory or left on the disk.
    target : Target or None
        What belongs to each row: classes, numbers, boxes, a mask, instances.
    feature_names : tuple of str
        The columns of ``values``; empty for pictures.
    levels : int or None
        Number of grey levels (17 for digits, 256 for bytes); None for continuous values.
    source : str
        A name or a path with which :func:`load` finds the data again; "array" when in memory.
    official_split : array of shape (n,) of {"train", "validation", "test"}, or None
        The split that the data bring with them.
    groups : array of shape (n,), or None
        Rows of one group stay on one side of a split.
    attributes : DataFrame or None
        Columns that describe the rows, such as those that the law protects: no model sees them, an
        audit does.
    sizes : array of shape (n, 2), int64, or None
        Width and height of each picture where they differ; what lies right of it and below it in
        ``values`` is filled with zeros.
    files : array of shape (n,), or None
        The file that each row was read from, below ``source``.
    notes : tuple of str
        What was recognised and decided, in sentences.
    skipped : tuple of str
        A sentence for each picture and object that was left out, with its file.
    options : mapping
        What else :func:`load` was given, so that ``load(source, **options)`` repeats it.
    columns : tuple of str
        A table's columns in the order of the source, that of the target included.
    is_array : bool
        The table was given as an array, so what is generated is an array too.
    declared : mapping of str to {"numeric", "categorical", "identifier"}
        What the user said that columns are.
    """

    name: str
    kind: Kind
    values: np.ndarray | pd.DataFrame | PictureArray
    target: Target | None = None
    feature_names: tuple[str, ...] = ()
    levels: int | None = None
    source: str = "array"
    official_split: np.ndarray | None = None
    groups: np.ndarray | None = None
    attributes: pd.DataFrame | None = None
    sizes: np.ndarray | None = None
    files: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    is_array: bool = False
    declared: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in ("target", "official_split", "groups", "attributes", "sizes", "files"):
            given = getattr(self, what)
            if given is not None and len(given) != len(self.values):
                raise InputError(
                    f"{self.name}: {what} has {len(given)} entries but there are "
                    f"{len(self.values)} rows; give one for each row."
                )

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        shape = " x ".join(str(side) for side in self.values.shape[1:])
        classes = "" if self.classes is None else f", {len(self.classes.names)} classes"
        return f"Dataset({self.name!r}, {self.kind}, {len(self)} rows of {shape}{classes})"

    @property
    def classes(self) -> Classes | None:
        """The target where it consists of classes."""
        return self.target if isinstance(self.target, Classes) else None

    @property
    def on_disk(self) -> bool:
        """Whether the values are read from a file as they are needed."""
        return isinstance(self.values, PictureArray)

    @property
    def target_spec(self) -> TargetSpec | None:
        """What a model may know of the target."""
        return None if self.target is None else self.target.spec

    @property
    def codes(self) -> np.ndarray | None:
        """The code of each row's class, int64 (n,); None where the target is not classes."""
        return None if self.classes is None else self.classes.codes

    @property
    def frame(self) -> pd.DataFrame:
        """The values of a table; pictures have none."""
        if isinstance(self.values, pd.DataFrame):
            return self.values
        raise InputError(f"{self.name} consists of pictures, not of columns.")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over values, target, names and splits, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        names = [self.kind, *self.feature_names, "|", str(self.levels)]
        digest.update("\0".join(names).encode())
        if isinstance(self.values, pd.DataFrame):
            digest.update(_table_bytes(self.values))
        else:
            digest.update(str((self.values.dtype.str, self.values.shape)).encode())
            stored = self.values
            for block in stored.blocks() if isinstance(stored, PictureArray) else [stored]:
                digest.update(np.ascontiguousarray(block).data.cast("B"))
        digest.update(b"" if self.target is None else self.target.fingerprint())
        for extra in (self.groups, self.official_split):
            digest.update(b"|")
            if extra is not None:
                digest.update(pd.util.hash_array(np.asarray(extra)).tobytes())
        if self.sizes is not None:
            digest.update(np.ascontiguousarray(self.sizes, dtype=np.int64).tobytes())
        if self.attributes is not None:
            digest.update("\0".join(self.attributes.columns).encode())
            digest.update(_table_bytes(self.attributes))
        return digest.hexdigest()

    def take(self, indices: np.ndarray | Sequence[int]) -> Dataset:
        """Return the rows with these numbers, in this order; classes and levels stay."""
        rows = np.asarray(indices)
        parts: dict[str, Any] = {name: _rows(getattr(self, name), rows) for name in _PER_ROW}
        target = None if self.target is None else self.target.take(rows)
        return dataclasses.replace(self, **parts, target=target)

    def split(self, seed: int = 0, fractions: Sequence[float] = DEFAULT_FRACTIONS) -> Split:
        """Divide the rows into training, validation and test sets.

        Stratified by class, groups kept together, the data's own split respected. Rows that depend
        on each other (one person, one scene, one day) leak unless the groups say so.

        Parameters
        ----------
        seed : int, default=0
            Of the random order.
        fractions : (train, validation, test), default=(0.6, 0.2, 0.2)
            Shares that sum to 1.

        Returns
        -------
        Split
            Row numbers by part; its method names the classes of which a part has no row.

        Raises
        ------
        InputError
            With fewer than 10 rows, fractions that do not sum to 1, or fewer groups than parts.
        """
        given = self.codes, self.groups, self.official_split
        split = split_rows(len(self), *given, seed=seed, fractions=fractions)
        if self.classes is None:
            return split
        absent = without_rows(self.classes, split)
        return dataclasses.replace(split, method="; ".join([split.method, *absent]))

    def with_numbers(self, *names: str) -> Dataset:
        """Return the data with columns of the table as the numbers to predict.

        When to use: for a quantity, since :func:`load` takes classes alone for a target. When it
        fails: numbers that are missing cannot be predicted; leave their rows out.

        Parameters
        ----------
        *names : str
            Columns of numbers, which are features no longer.

        Returns
        -------
        Dataset
            With :class:`~further.data.target.Numbers` as target.

        Raises
        ------
        InputError
            For a column that is unknown, holds no numbers or lacks some, and if no other is left.

        Examples
        --------
        >>> from further.data import load
        >>> diabetes = load("diabetes").with_numbers("progression")
        >>> diabetes.target.values.shape, diabetes.frame.shape
        ((442, 1), (442, 10))
        """
        frame = self.frame
        for name in names:
            if name not in frame:
                known = nearest(name, list(self.feature_names))
                raise InputError(f'{self.name} has no column "{name}"{known}.')
            column = frame[name]
            if not is_numeric_dtype(column) or is_bool_dtype(column) or column.isna().any():
                raise InputError(
                    f'{self.name}: the column "{name}" does not hold a number in every row, so '
                    "that it cannot be predicted; choose another, or leave out rows."
                )
        features = tuple(name for name in self.feature_names if name not in names)
        if not names or not features:
            raise InputError(
                f"{self.name}: name at least one column to predict, and leave one to predict from."
            )
        values = frame[list(names)].to_numpy(dtype=np.float64)
        target = Numbers(", ".join(names), values, names)
        return dataclasses.replace(
            self, values=frame[list(features)], feature_names=features, target=target
        )

    def save(self, folder: str | Path) -> Path:
        """Write the data to a folder that :meth:`open` and :func:`load` read; no pickle."""
        facts = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in (*_PER_ROW, "target", "options")
        }
        rows = {name: part for name in _PER_ROW if (part := getattr(self, name)) is not None}
        tables = {name: part for name, part in rows.items() if isinstance(part, pd.DataFrame)}
        arrays = {name: np.asarray(rows[name]) for name in rows.keys() - tables.keys()}
        facts |= {"fingerprint": self.fingerprint, "target": None}
        if self.target is not None:
            facts["target"] = self.target.facts()
            arrays |= {TARGET + name: array for name, array in self.target.arrays().items()}
        return write_parts(Path(folder), facts, arrays, tables)

    @classmethod
    def open(cls, folder: str | Path) -> Dataset:
        """Read what :meth:`save` wrote.

        Raises
        ------
        InputError
            If the folder is none of its kind, or its content has changed since.
        """
        with refuse_unreadable(folder):
            facts, arrays, tables = read_parts(Path(folder))
            fingerprint = facts.pop("fingerprint", None)
            of_target = {
                name.removeprefix(TARGET): arrays.pop(name)
                for name in list(arrays)
                if name.startswith(TARGET)
            }
            if facts["target"] is not None:
                facts["target"] = restore_target(facts["target"], of_target)
            facts = {k: tuple(v) if isinstance(v, list) else v for k, v in facts.items()}
            dataset = cls(**facts | arrays | tables)
        if dataset.fingerprint != fingerprint:
            raise InputError(f"{folder} has changed since the data set was saved; save it again.")
        return dataset


def as_dataset(X: Any, y: Any = None, *, name: str = "array") -> Dataset:
    """Return arrays or a DataFrame as a :class:`~further.Dataset`.

    When to use: for what an estimator is given; :func:`further.data.load` also judges which columns
    of a DataFrame are of use, and finds the label. When it fails: sparse matrices and sequences of
    unequal length are refused.

    Parameters
    ----------
    X : array, DataFrame or Dataset
        A table ``(n, features)``; pictures ``(n, height, width)``, ``(n, channels, height, width)``
        or ``(n, height, width, channels)``. Whole numbers in pictures are grey levels.
    y : array of shape (n,), optional
        Class labels of any type.
    name : str, default="array"
        What to call it in reports.

    Returns
    -------
    Dataset
        A plain array of numbers keeps its values, and what is generated from it is an array too.

    Raises
    ------
    InputError
        For NaN or infinity in arrays, and labels of the wrong length.

    Examples
    --------
    >>> import numpy as np
    >>> as_dataset(np.zeros((20, 8, 8), dtype=np.uint8) + np.arange(8, dtype=np.uint8))
    Dataset('array', images, 20 rows of 1 x 8 x 8)
    """
    if isinstance(X, Dataset):
        dataset = X
    elif isinstance(X, pd.DataFrame):
        dataset = _table(X, name)
    elif hasattr(X, "toarray"):
        raise InputError("X is a sparse matrix; give X.toarray() if it fits into memory.")
    elif np.ma.is_masked(X):
        raise InputError("X has masked entries; give X.filled(value), or leave those rows out.")
    else:
        try:
            array = native(np.asarray(X))
        except ValueError as error:
            raise InputError(
                "X has rows of unequal length; give a rectangular array or table."
            ) from error
        if array.ndim in (3, 4):
            values, levels, notes = read_pictures(array)
            dataset = Dataset(name=name, kind="images", values=values, levels=levels, notes=notes)
        else:
            dataset = _plain_table(array, name)
    return dataset if y is None else with_classes(dataset, y)


def _table(frame: pd.DataFrame, name: str, *, is_array: bool = False) -> Dataset:
    if not is_array:
        frame = typed_table(native_frame(frame), name="X" if name == "array" else name)
    what = "numbers" if is_array else "columns"
    return Dataset(
        name=name,
        kind="table",
        values=frame,
        feature_names=tuple(frame.columns),
        columns=tuple(frame.columns),
        notes=(f"{len(frame)} rows of {frame.shape[1]} {what}.",),
        is_array=is_array,
    )


def _plain_table(array: np.ndarray, name: str) -> Dataset:
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"X has the shape {array.shape}; give a table (n, features), or pictures "
            "(n, height, width) or (n, channels, height, width)."
        )
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            return _table(pd.DataFrame(array).infer_objects(), name)
    if array.dtype.kind in "US":
        return _table(pd.DataFrame(array), name)
    if array.dtype.kind not in "biuf":
        raise InputError(f"X has the type {array.dtype}; give numbers.")
    check_finite(array)
    frame = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    return _table(frame, name, is_array=True)


def with_classes(dataset: Dataset, y: Any) -> Dataset:
    """Return the rows with labels, or with a note that says why these condition nothing.

    Parameters
    ----------
    dataset : Dataset
        The rows.
    y : array of shape (n,)
        Labels of any type.

    Returns
    -------
    Dataset
        With :class:`~further.data.target.Classes` for a target, or none.
    """
    name = str(getattr(y, "name", None) or "y")
    classes, notes = read_classes(y, len(dataset), name)
    return with_target(dataset, classes, notes)


def with_target(dataset: Dataset, target: Target | None, notes: tuple[str, ...] = ()) -> Dataset:
    """Return the rows with a target that does not stand among their columns.

    Parameters
    ----------
    dataset : Dataset
        The rows.
    target : Target or None
        What belongs to each row.
    notes : tuple of str
        What was decided about it.

    Returns
    -------
    Dataset
        With the target's column as the last of a table.
    """
    columns = dataset.columns
    if target is not None and columns:
        columns = (*(column for column in columns if column != target.name), target.name)
    return dataclasses.replace(dataset, target=target, columns=columns, notes=dataset.notes + notes)


def _rows(part: Any, rows: np.ndarray) -> Any:
    if isinstance(part, pd.DataFrame):
        return part.iloc[rows].reset_index(drop=True)
    if isinstance(part, PictureArray):
        return part.take(rows)
    return None if part is None else part[rows]


def _table_bytes(frame: pd.DataFrame) -> bytes:
    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return "\0".join(str(dtype) for dtype in frame.dtypes).encode() + hashes.tobytes()
