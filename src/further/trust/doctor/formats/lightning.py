"""Lightning's ``metrics.csv``: rows of training and of validation apart, the other cells empty."""

from __future__ import annotations

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged


def _is_metrics(source: Source) -> bool:
    header = set(source.header())
    if source.table is None or not {"epoch", "step"} <= header or "seconds" in header:
        return False
    looked_at = source.table.cells[:50]
    return any(cell.strip() == "" for row in looked_at for cell in row)


def _read(source: Source) -> Logged:
    return Logged("Lightning metrics.csv", source.read_table.rows())


LAYOUTS = (Layout("a Lightning metrics.csv", _is_metrics, _read),)
