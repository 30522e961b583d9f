"""``further.data.load``: a name or a path to a :class:`Dataset`, its format found by content."""

from __future__ import annotations

import dataclasses
import mmap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from further.data.arrays import native_frame
from further.data.dataset import Dataset, as_dataset
from further.data.formats import idx, numpy_files
from further.data.formats.csv_file import Content
from further.data.formats.decoding import is_picture
from further.data.formats.named import NAMES, load_named
from further.data.formats.pictures import load_pictures
from further.data.formats.tables import load_frame, load_table
from further.data.memory import refuse_too_large
from further.data.preparation.columns import nearest
from further.data.scarce_classes import too_few_rows
from further.data.storage import DESCRIPTION
from further.errors import InputError

#: A table takes a few times the size of its file while it is read.
READ_AS = 4
_OF_TABLES = (
    "target", "groups", "attributes", "categorical", "numeric", "identifier", "missing_values",
)  # fmt: skip
_OF_PICTURES = ("resize", "mapped", "annotations", "skip_bad")
_NOT_SUPPORTED = (
    (b"\x80", "a pickle, which could run code when read"),
    (b"%PDF", "a PDF"),
    (b"\x89HDF", "HDF5"),
    (b"SQLite", "an SQLite database"),
)
_PICTURE_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")


def load(
    source: Any,
    *,
    target: str | None = None,
    resize: int | str | None = None,
    groups: str | None = None,
    attributes: Sequence[str] = (),
    header: bool | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    identifier: Sequence[str] = (),
    missing_values: Any = None,
    mapped: bool | str | Path = False,
    annotations: str | None = None,
    skip_bad: bool = False,
    tidy: bool = True,
) -> Dataset:
    """Return the data of a name or a path, whatever the format, and say what was recognised.

    When to use: for everything on disk. When it fails: a table must fit into memory.

    Parameters
    ----------
    source : str or Path
        "digits", "iris", "wine", "breast_cancer", "diabetes" or "linnerud"; a CSV, Parquet, NPY,
        NPZ or IDX file, CSV and IDX also with gzip; a folder of pictures (with a folder for each
        class or without; with boxes as in Pascal VOC, COCO or YOLO; with a mask for each picture
        or for each object), of IDX files, or one that :meth:`Dataset.save` wrote; a DataFrame; an
        array, as in :func:`as_dataset`.
    target : str, optional
        The column of a table that holds the label; "none" for no label. Without it a column with a
        customary name (class, target, label, species, type, y, ...) is taken, else a last column
        with few classes, and a note says so.
    resize : int or "WIDTHxHEIGHT", optional
        Crop pictures around their centre and resample them to this size; needed where their sizes
        differ. Pictures in which something is marked are scaled to fit and padded with zeros
        instead, so that nothing is cut off; without a size, to that of the largest.
    groups : str, optional
        A column of a table whose equal values stay on one side of a split.
    attributes : sequence of str, optional
        Columns of a table that describe the rows, such as those that the law protects: they are
        kept with the rows for an audit, and no model sees them.
    header : bool, optional
        Whether the first line of a CSV file holds the names; detected by default.
    categorical, numeric, identifier : sequence of str, optional
        Columns of a table that are so, whatever they look like: numbers that are names of
        categories; numbers that look like codes or identifiers, or text of which what is no number
        is missing; what names the rows, from which no model learns.
    missing_values : value, sequence of values or mapping, optional
        What stands for a missing value in a table besides what is customary, such as -999: in all
        columns, in those of ``{"income": [-1, -999]}`` or of ``"income=-999"``.
    mapped : bool or path, default=False
        Whether to leave the pictures of a folder on the disk: they are decoded once into an array
        file (a path, or one under ``runs/arrays``), from which rows are read as they are needed.
    annotations : {"boxes", "instances", "masks"}, optional
        What to read of objects in pictures. By default instances where each object has a mask or
        an outline, else boxes. Boxes and masks of classes are made of instances; pictures of
        numbers are read as numbers of classes, or of objects if boxes or instances are asked for.
    skip_bad : bool, default=False
        Whether to go on without the pictures and objects that are bad (damaged or unlabelled
        pictures, unknown classes, numbers that are none) instead of refusing the data;
        ``Dataset.skipped`` has each, and a note their number.
    tidy : bool, default=True
        Whether to leave out the columns of a table that no model can use, and to look for a label
        column where none is named. Without it a table is typed and nothing else.

    Returns
    -------
    Dataset
        Its ``notes`` say what was recognised and decided; ``load(source, **options)`` repeats it.

    Raises
    ------
    InputError
        Names the file, line or column that is wrong, or the nearest name to one that is unknown.

    Examples
    --------
    >>> iris = load("iris")
    >>> len(iris), iris.classes.names
    (150, ('setosa', 'versicolor', 'virginica'))
    """
    asked = {
        "target": target,
        "resize": resize,
        "groups": groups,
        "header": header,
        "missing_values": missing_values,
        "annotations": annotations,
        "skip_bad": skip_bad or None,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    lists = {
        "attributes": attributes,
        "categorical": categorical,
        "numeric": numeric,
        "identifier": identifier,
    }
    for name, columns in lists.items():
        if columns:
            given[name] = [columns] if isinstance(columns, str) else list(columns)
    if mapped is not False:
        where = mapped if mapped is True else str(Path(mapped).expanduser().resolve())
        given["mapped"] = where
    dataset = _load(source, given, tidy)
    if dataset.classes is None or dataset.official_split is not None:
        return dataset
    notes = (*dataset.notes, *too_few_rows(dataset.classes))
    return dataclasses.replace(dataset, notes=notes)


def _load(source: Any, given: dict[str, Any], tidy: bool) -> Dataset:
    if isinstance(source, pd.DataFrame):
        _refuse_options(given, "a DataFrame", *_OF_TABLES)
        return load_frame(native_frame(source), **given, tidy=tidy)
    if not isinstance(source, str | Path):
        _refuse_options(given, "data in memory")
        return as_dataset(source)
    name = str(source).strip()
    path = Path(name).expanduser()
    known = name.lower().replace("-", "_").replace(" ", "_")
    if known in NAMES and not path.exists():
        _refuse_options(given, name)
        return load_named(known)
    if not path.exists():
        raise InputError(
            f'There is no file or folder "{name}" and no data set of that name'
            f"{nearest(known, list(NAMES))}; data sets are {', '.join(NAMES)}."
        )
    if not path.is_dir() and not path.is_file():
        raise InputError(
            f"{name} is a pipe or a device, and what is learnt from must be there to be read "
            "again; write it to a file."
        )
    path = path.resolve()
    try:
        read = _load_folder if path.is_dir() else _load_file
        dataset = read(path, given, tidy)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory; give a part of it.") from error
    options = given if tidy else {**given, "tidy": False}
    return dataclasses.replace(dataset, source=str(path), options=options)


def _load_file(path: Path, given: dict[str, Any], tidy: bool) -> Dataset:
    with open(path, "rb") as file:
        head = file.read(512)
    if not head:
        raise InputError(f"{path} is empty; there is nothing to learn.")
    refuse_too_large(str(path), READ_AS * path.stat().st_size, "give a part of it")
    content: Content | None = None
    if head[:2] == idx.GZIP:
        content = idx.read_content(path)
        head = content[:512]
    if idx.is_idx(head):
        _refuse_options(given, f"{path} (IDX)")
        return idx.load_idx(path, _idx_files(path.parent))
    if content is None and head[:6] == b"\x93NUMPY":
        _refuse_options(given, f"{path} (NPY)")
        return numpy_files.load_npy(path)
    if content is None and head[:4] == b"PK\x03\x04":
        return _load_zip(path, given)
    if content is None and head[:4] == b"PAR1":
        _refuse_options(given, f"{path} (Parquet)", *_OF_TABLES)
        return load_table(path, None, **given, tidy=tidy)
    if head.startswith(_PICTURE_HEADS):
        raise InputError(
            f"{path} is a single picture; give the folder that holds the pictures to learn from."
        )
    for start, what in _NOT_SUPPORTED:
        if head.startswith(start):
            raise InputError(f"{path} is {what}; save it as CSV, Parquet or NPZ.")
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        raise InputError(f"{path} is JSON, which is not read; save it as CSV or Parquet.")
    _refuse_options(given, f"{path} (CSV)", *_OF_TABLES, "header")
    if content is None:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return load_table(path, content, **given, tidy=tidy)


def _load_zip(path: Path, given: dict[str, Any]) -> Dataset:
    import zipfile

    try:
        names = zipfile.ZipFile(path).namelist()
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is a truncated or damaged archive; fetch it again.") from error
    if any(name.endswith(".npy") for name in names):
        _refuse_options(given, f"{path} (NPZ)")
        return numpy_files.load_npz(path)
    if any(name.startswith("xl/") for name in names):
        raise InputError(f"{path} is an Excel workbook; save the sheet as CSV or Parquet.")
    raise InputError(f"{path} is a zip archive; unpack it and give the folder.")


def _load_folder(path: Path, given: dict[str, Any], tidy: bool) -> Dataset:
    if (path / DESCRIPTION).is_file():
        _refuse_options(given, f"{path} (a saved data set)")
        return Dataset.open(path)
    files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    idx_files = _idx_files(path)
    if idx_files:
        _refuse_options(given, f"{path} (IDX)")
        return idx.load_idx(path, idx_files)
    below = [file for file in path.rglob("*") if file.is_file()]
    if any(is_picture(file) for file in below):
        _refuse_options(given, f"{path} (pictures)", *_OF_PICTURES)
        return load_pictures(path, below, **given)
    tables = [f for f in files if f.suffix.lower() in (".csv", ".tsv", ".parquet", ".npz")]
    if len(tables) == 1:
        return _load_file(tables[0], given, tidy)
    values = [f for f in files if f.stem.lower() in numpy_files.VALUE_NAMES and f.suffix == ".npy"]
    if len(values) == 1:
        return _load_file(values[0], given, tidy)
    if tables:
        names = ", ".join(file.name for file in tables[:10])
        raise InputError(f"{path} has {len(tables)} tables; name one of {names}.")
    kinds = Counter(file.suffix.lower() or "no suffix" for file in files)
    shown = ", ".join(f"{count} {suffix}" for suffix, count in kinds.most_common(4)) or "no files"
    raise InputError(
        f"{path} holds nothing that is recognised ({shown}); give pictures, IDX, NPY, NPZ, CSV or "
        "Parquet."
    )


def _idx_files(folder: Path) -> list[Path]:
    """Return the IDX files of a folder; only names that could be one are opened."""
    return [
        path
        for path in sorted(folder.iterdir())
        if ("idx" in path.name.lower() or path.name.lower().endswith(("ubyte", "ubyte.gz")))
        and path.is_file()
        and not path.name.startswith(".")
    ]


def _refuse_options(given: dict[str, Any], what: str, *allowed: str) -> None:
    for name, value in given.items():
        if name not in allowed:
            raise InputError(f"{name}={value!r} has no meaning for {what}; leave it out.")
