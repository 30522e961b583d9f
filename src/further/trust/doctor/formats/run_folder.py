"""A run of ours: ``run.json`` and ``history.csv``."""

from __future__ import annotations

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged


def _is_run(source: Source) -> bool:
    return source.is_folder and (source.path / "run.json").is_file()


def _read_run(source: Source) -> Logged:
    file = source.path / "history.csv"
    if not file.is_file():
        members = sorted((source.path / "models").glob("*/history.csv"))
        if members:
            raise InputError(
                f'"{source.path}" compares several models; give the run of one of them, such as '
                f'"{members[0].parent}".'
            )
        raise InputError(
            f'"{source.path}" has no history.csv: its model has no learning curve, or the training '
            "has not come that far."
        )
    return _read_history(Source(file))


def _is_history(source: Source) -> bool:
    header = source.header()
    ours = {"step", "epoch", "seconds"} <= set(header)
    return ours and any(name.startswith("train_") for name in header)


def _read_history(source: Source) -> Logged:
    return Logged("a run of further", source.read_table.rows())


LAYOUTS = (
    Layout("a run of further", _is_run, _read_run),
    Layout("the history.csv of a run of further", _is_history, _read_history),
)
