"""Ultralytics' ``results.csv``: padded headers, and a loss in parts whose sum is minimised."""

from __future__ import annotations

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged


def _parts(header: list[str], part: str) -> list[str]:
    return [name for name in header if name.startswith(f"{part}/") and name.endswith("loss")]


def _is_results(source: Source) -> bool:
    header = source.header()
    return bool(_parts(header, "train")) and any(name.startswith("metrics/") for name in header)


def _read(source: Source) -> Logged:
    header = source.header()
    names = {part: _parts(header, part) for part in ("train", "val")}
    rows = []
    for row in source.read_table.rows():
        added = dict(row)
        for part, columns in names.items():
            if columns and all(name in row for name in columns):
                total = sum(row[name] for name in columns)
                # Without validation in an epoch its losses are written as 0.
                if total != 0:
                    added[f"{part}/loss"] = total
        rows.append(added)
    kinds = " + ".join(name.removeprefix("train/") for name in names["train"])
    note = f"The loss is the sum that is minimised: {kinds}."
    roles = {
        role: f"{part}/loss"
        for role, part in (("train", "train"), ("validation", "val"))
        if any(f"{part}/loss" in row for row in rows)
    }
    return Logged("Ultralytics results.csv", rows, (note,), roles)


LAYOUTS = (Layout("an Ultralytics results.csv", _is_results, _read),)
