"""The rules that the training rows of a run keep."""

from __future__ import annotations

from pathlib import Path

from further.compare.generation.setting import read_setting
from further.compare.task import whole_run
from further.data.kind import KINDS
from further.errors import InputError
from further.evaluate.generation.constraints import Constraints
from further.train.run import Run


def training_rules(run: str | Path) -> Constraints:
    """Return the rules that all training and validation rows of a run keep, as its judge does.

    Parameters
    ----------
    run : path
        A training or a comparison of generative models of a table.

    Returns
    -------
    Constraints
        With no rule where there are fewer than 20 training rows.

    Raises
    ------
    InputError
        If the run is one of pictures.
    RunError
        If its data are gone or have changed.
    """
    setting = read_setting(Run(whole_run(run)))
    parts = (setting.part(name) for name in ("train", "validation"))
    train, validation = (KINDS[part.kind].frame(part) for part in parts)
    if train is None or validation is None:
        raise InputError(f'"{run}" is one of pictures; only tables have rules.')
    return Constraints(train, validation)
