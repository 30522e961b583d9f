"""Samples beyond memory: drawn in pieces, and written to one file as they come."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from further.compare.source import EventHandler
from further.data.memory import GIB
from further.errors import InputError
from further.generate.generative_estimator import GenerativeEstimator
from further.generate.rejection import labelled_frame
from further.train.files import PARTIAL
from further.train.seeds import seed_of

#: Values that are drawn at a time, and the rows that this is at most.
VALUES = 2_000_000
MOST_ROWS = 100_000
#: No more than this share of the free disk is filled.
FREE_SHARE = 0.9


def write_samples(
    estimator: GenerativeEstimator,
    n: int,
    target: Path,
    *,
    y: Any = None,
    seed: int = 0,
    on_event: EventHandler | None = None,
) -> Path:
    """Draw rows of a table and write them to a CSV or a Parquet file, piece by piece.

    Parameters
    ----------
    estimator : GenerativeEstimator
        Fitted to a table.
    n : int
        How many rows.
    target : Path
        The file, ``.csv`` or ``.parquet``; nothing stands there until all rows do.
    y : class label, optional
        Only of this class.
    seed : int, default=0
        Of the draws. As many rows as one piece holds are those of one call of ``sample``.
    on_event : callable, optional
        Called with the forecast and the progress.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the rows would not fit on the disk.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(PARTIAL + target.name)
    started, written = time.monotonic(), 0
    write = _write_parquet if target.suffix.lower() == ".parquet" else _write_csv
    try:
        for rows in write(partial, _pieces(estimator, n, y, seed)):
            if written == 0 and rows < n:
                share = rows / n
                _refuse_full_disk(target, n, int(partial.stat().st_size / share))
                seconds = (time.monotonic() - started) / share
                if on_event is not None:
                    size = partial.stat().st_size / share / GIB
                    note = f"{n:,} rows, about {size:.2g} GiB, are written in pieces."
                    on_event({"event": "forecast", "seconds": seconds, "note": note})
            written += rows
            if on_event is not None and n > rows:
                on_event({"event": "step", "what": f"Rows written: {written:,} of {n:,}"})
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _pieces(estimator: GenerativeEstimator, n: int, y: Any, seed: int) -> Iterator[pd.DataFrame]:
    size = max(1, min(MOST_ROWS, VALUES // max(1, estimator.spec_.size)))
    for start in range(0, n, size):
        count = min(size, n - start)
        own = seed if start == 0 else seed_of(seed, "piece", start) % (2**31 - 1)
        asked = None if y is None else [y] * count
        X, labels = estimator.sample(count, asked, return_y=True, random_state=own)
        yield labelled_frame(estimator, X, labels)


def _write_csv(path: Path, pieces: Iterator[pd.DataFrame]) -> Iterator[int]:
    with open(path, "w", encoding="utf-8", newline="") as file:
        for i, piece in enumerate(pieces):
            piece.to_csv(file, index=False, header=i == 0, lineterminator="\n")
            file.flush()
            yield len(piece)
        os.fsync(file.fileno())


def _write_parquet(path: Path, pieces: Iterator[pd.DataFrame]) -> Iterator[int]:
    first = next(pieces)
    table = pa.Table.from_pandas(first, preserve_index=False)
    with parquet.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        yield len(first)
        for piece in pieces:
            writer.write_table(pa.Table.from_pandas(piece, table.schema, preserve_index=False))
            yield len(piece)


def _refuse_full_disk(target: Path, n: int, need: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if need > FREE_SHARE * free:
        raise InputError(
            f"{n:,} rows would take about {need / GIB:.1f} GiB, but {free / GIB:.1f} GiB are free "
            f'on the disk of "{target}"; ask for fewer, or name a file elsewhere with --out.'
        )
