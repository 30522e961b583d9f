"""Neptune's exporter: Parquet files with a row a value, in the folder of a run perhaps."""

from __future__ import annotations

from pathlib import Path

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, by_step, from_lists, number

_COLUMNS = ["run_id", "attribute_path", "step", "float_value"]


def _files(source: Source) -> list[Path]:
    if source.is_folder:
        return source.below("*.parquet")
    return [source.path] if source.content[:4] == b"PAR1" else []


def _read(source: Source) -> Logged:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    files = _files(source)
    try:
        names = parquet.read_schema(files[0]).names
        if not set(_COLUMNS) <= set(names):
            return Logged("a Parquet file", from_lists(parquet.read_table(files[0]).to_pydict()))
        tables = [parquet.read_table(file, columns=_COLUMNS).to_pydict() for file in files]
    except (pa.ArrowException, OSError) as error:
        raise InputError(f'"{files[0]}" is a damaged Parquet file; export it again.') from error
    points: dict[str, list[tuple[float, str, float]]] = {}
    for table in tables:
        for run, name, step, value in zip(*(table[key] for key in _COLUMNS), strict=True):
            at = None if step is None else number(float(step))
            if at is not None and value is not None and name is not None:
                points.setdefault(str(run), []).append((at, name, value))
    if not points:
        raise InputError(f'"{source.path}" holds no series of numbers.')
    first = next(iter(points))
    note = (f'Of {len(points)} runs the first is read, "{first}".',) if len(points) > 1 else ()
    return Logged("a Neptune export", by_step(points[first]), note)


LAYOUTS = (Layout("a Neptune export", lambda source: bool(_files(source)), _read),)
