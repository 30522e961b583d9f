"""Where the data of a run come from, where the run goes, and who is informed of the progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from further.data.dataset import Dataset, as_dataset
from further.data.loading import load
from further.errors import InputError, RunError, unknown
from further.train.run import Run

EventHandler = Callable[[dict[str, Any]], None]


def read_input(data: Any, y: Any = None, **loading: Any) -> Dataset:
    """Return the data that a user names or gives.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name, a file or folder, or the data themselves.
    y : array of shape (n,), optional
        Class labels of data given in memory.
    **loading
        Options of :func:`further.data.load`, for what is read; of a DataFrame those that name its
        columns.

    Returns
    -------
    Dataset
        The data.
    """
    given = {name: value for name, value in loading.items() if value is not None}
    if isinstance(data, str | Path):
        return load(data, **given)
    if given and isinstance(data, pd.DataFrame) and y is None:
        return replace(load(data, **given), options=given)
    return as_dataset(data, y)


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """Return what a run records about its data, enough to find it again."""
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "source": dataset.source,
        "options": dict(dataset.options),
        "target": None if dataset.target is None else dataset.target.name,
        "fingerprint": dataset.fingerprint,
    }


def read_data(run: Run) -> Dataset:
    """Return the data of a run, the same rows as in the beginning.

    Raises
    ------
    RunError
        If they are gone or have changed.
    """
    source, options = run.record["data"]["source"], run.record["data"]["options"]
    if source == "array":
        dataset = replace(Dataset.open(run.path / "data"), options=options)
    else:
        dataset = load(source, **options)
    refuse_changed(run, dataset)
    return dataset


def refuse_changed(run: Run, dataset: Dataset) -> None:
    """Refuse data that are not those that a run began with.

    Parameters
    ----------
    run : Run
        The run.
    dataset : Dataset
        What is found in their place.

    Raises
    ------
    RunError
        If they have changed.
    """
    began = run.record["data"]
    if dataset.fingerprint != began["fingerprint"]:
        raise RunError(
            f'The data at "{began["source"]}" have changed since the run "{run.path}" began; '
            "start a new run."
        )


def member_folder(
    run: Run, file: str, model: str | None, chosen: str | None = None
) -> tuple[Path, str]:
    """Return where the predictions of a model of a run are.

    Parameters
    ----------
    run : Run
        Of one model or of several.
    file : str
        The name of the file that holds predictions.
    model : str or None
        The one that is asked for.
    chosen : str or None
        Of several, the one that the run chose.

    Returns
    -------
    folder, name
        Of the model.

    Raises
    ------
    InputError
        If there is no such model, or none of several is named.
    RunError
        If the run holds no predictions.
    """
    models = sorted(path.parent.name for path in run.path.glob(f"models/*/{file}"))
    if not models:
        if not (run.path / file).is_file():
            raise RunError(f'"{run.path}" has no {file}, so there is nothing to audit.')
        return run.path, str(run.record.get("model", "the model"))
    wanted = model or chosen or (models[0] if len(models) == 1 else None)
    if wanted is None:
        raise InputError(f'"{run.path}" compares {", ".join(models)}; name one with --model.')
    name = wanted.lower().replace("-", "_")
    if name not in models:
        raise InputError(unknown("model in the run", name, models))
    return run.child(name), name


def default_folder(command: str, name: str) -> Path:
    """Return a new folder under ``runs``, named by command, data and time.

    Parameters
    ----------
    command : str
        What is done.
    name : str
        The data: a name or a file.

    Returns
    -------
    Path
        Not there yet.
    """
    plain = "".join(c if c.isalnum() else "-" for c in Path(name).stem).strip("-").lower() or "data"
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return free_path(Path("runs") / f"{command}-{plain}-{stamp}")


def free_path(path: Path) -> Path:
    """Return a path where nothing stands yet, numbered where something stands at the first one."""
    free, number = path, 2
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
