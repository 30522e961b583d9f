"""Measurements of a model in the folder of its run, as JSON, where the model card finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from further.train.files import write_json
from further.train.run import Run


def keep_record(run: str | Path, name: str, record: dict[str, Any], model: str | None) -> Path:
    """Write a measurement into a run, in place of an earlier one of the same name.

    Parameters
    ----------
    run : path
        The folder of a finished run.
    name : str
        Of the file, without its ending.
    record : dict
        What was measured, ready for JSON.
    model : str or None
        The name of the model that it is of, where the run compares several; None where it has one.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RunError
        If the folder is no run, or another process is writing it.
    """
    opened = Run(run)
    opened.refuse_unfinished()
    with opened.working():
        return write_json(opened.path / f"{name}.json", {"model": model, **record})
