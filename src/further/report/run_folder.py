"""What a run folder holds, read once and forgivingly: a report never needs the whole of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from further.errors import RunError
from further.evaluate.metrics import GOALS, METRICS
from further.evaluate.record import Figure, ModelRecord
from further.evaluate.typed_json import from_json
from further.registry import models_for
from further.report.markup import without_nan
from further.report.numbers import as_number


@dataclass(frozen=True)
class ModelRun(ModelRecord):
    """One model of a run: its record in the evaluation and the folder that holds its files.

    Attributes
    ----------
    folder : Path
        Its files.
    """

    folder: Path = Path()

    @property
    def short(self) -> str:
        """The name that commands use, as words: it fits where the label does not."""
        return self.name.replace("_", " ")

    @property
    def is_control(self) -> bool:
        """Whether the model stands there only to be compared with."""
        return self.role == "control"

    @property
    def shows_training_rows(self) -> bool:
        """Whether its samples are rows of the training set, by design or by failure."""
        return self.is_copy or "memorizes" in self.flags

    def figure(self, name: str) -> Figure | None:
        """Find a figure among the metrics or, as for energy, beside them; ``None`` if undefined."""
        found = self.metrics.get(name) or Figure(self.value(name))
        return found if found.value is not None else None


@dataclass(frozen=True)
class RunFolder:
    """A run as a report sees it.

    Attributes
    ----------
    path : Path
        The folder.
    run : mapping
        Its ``run.json``.
    evaluation : mapping
        Its ``evaluation.json``; empty where nothing was evaluated.
    models : tuple of ModelRun
        The models of a comparison, or the one that was trained.
    labels : mapping of str
        What the report calls each of them, by name.
    controls : tuple of ModelRun
        What a single model is compared with.
    """

    path: Path
    run: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    models: tuple[ModelRun, ...]
    labels: Mapping[str, str]
    controls: tuple[ModelRun, ...] = ()

    @property
    def control(self) -> ModelRun | None:
        """The simple control: a member of a comparison, or fitted beside a single model."""
        every = (*self.models, *self.controls)
        return next((model for model in every if model.is_control and not model.is_copy), None)

    @property
    def data(self) -> Mapping[str, Any]:
        """What is recorded about the data."""
        return mapping(self.evaluation.get("data") or self.run.get("data"))

    @property
    def is_comparison(self) -> bool:
        """Whether several models were trained to be compared."""
        return len(self.models) > 1

    @property
    def protocol(self) -> Mapping[str, Any]:
        """The fixed protocol of the evaluation."""
        return mapping(self.evaluation.get("protocol"))

    @property
    def recommendation(self) -> Mapping[str, Any]:
        """What the comparison recommends."""
        return mapping(self.evaluation.get("recommendation"))

    @property
    def goals(self) -> dict[str, Mapping[str, Any]]:
        """Goal by goal: its metric, direction, ranking and ties."""
        judged = {
            name: mapping(goal) for name, goal in mapping(self.recommendation.get("goals")).items()
        }
        return {name: goal for name, goal in judged.items() if isinstance(goal.get("metric"), str)}

    def label(self, name: str) -> str:
        """Name a model as the report does."""
        return self.labels.get(name) or _label(name)


def mapping(value: object) -> Mapping[str, Any]:
    """Take a JSON value as an object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def sentences(value: object) -> tuple[str, ...]:
    """Take a JSON value as a list of texts."""
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()


def objects(value: object) -> list[Mapping[str, Any]]:
    """Take a JSON value as a list of objects; what is none of them is left out."""
    found = value if isinstance(value, (list, tuple)) else []
    return [item for item in found if isinstance(item, Mapping)]


def numbers(value: object) -> list[float | None]:
    """Take a JSON value as a list of numbers, with ``None`` for what is no finite number."""
    return [as_number(item) for item in value] if isinstance(value, (list, tuple)) else []


def whole(value: object) -> int | None:
    """Take a JSON value as a whole number, or ``None``."""
    number = as_number(value)
    return None if number is None else round(number)


def read_json(path: Path) -> object:
    """Read a JSON file with NaN as ``None``; ``None`` where there is no such file.

    Raises
    ------
    RunError
        The file is there but is not JSON.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return without_nan(json.loads(content))
    except json.JSONDecodeError as error:
        raise RunError(
            f"{path}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg}); "
            "evaluate the run again to rewrite it."
        ) from error


def read_csv(path: Path, limit: int | None = None) -> list[dict[str, str]]:
    """Read the first rows of a CSV file as texts; none where there is no such file.

    Parameters
    ----------
    path : Path
        The file.
    limit : int, optional
        At most so many rows; default: all.

    Returns
    -------
    list of dict
        A row each, by the names of the columns.
    """
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if limit is not None and len(rows) >= limit:
                    break
                rows.append(
                    {str(key): value or "" for key, value in row.items() if key is not None}
                )
    except (FileNotFoundError, NotADirectoryError):
        return []
    return rows


def read_history(folder: Path) -> dict[str, list[float | None]]:
    """Read a learning curve as columns of numbers; what is empty or not finite is ``None``."""
    rows = read_csv(folder / "history.csv")
    columns: dict[str, list[float | None]] = {name: [] for name in rows[0]} if rows else {}
    for row in rows:
        for name, values in columns.items():
            try:
                values.append(as_number(float(row.get(name, ""))))
            except ValueError:
                values.append(None)
    return columns


def read_run(path: str | Path) -> RunFolder:
    """Read what a report needs from a run folder, of a comparison or of a single model.

    Parameters
    ----------
    path : str or Path
        The run folder.

    Returns
    -------
    RunFolder
        Its content; pictures and curves are read when they are drawn.

    Raises
    ------
    RunError
        There is no such folder, it is no run, or a file in it is damaged.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise RunError(
            f"{folder} is not a folder; name the folder of a run, as `further runs` lists."
        )
    found = read_json(folder / "run.json"), read_json(folder / "evaluation.json")
    if found == (None, None):
        raise RunError(
            f"{folder} holds neither run.json nor evaluation.json, so it is no run; "
            "`further runs` lists those there are."
        )
    run, evaluation = map(mapping, found)
    models, controls = (
        tuple(_read_model(folder, e) for e in evaluation.get(part) or [] if isinstance(e, Mapping))
        for part in ("models", "controls")
    )
    models = models or (_read_model(folder, _entry_of_training(run)),)
    labels = {model.name: model.label for model in models}
    return RunFolder(folder, run, evaluation, models, labels, controls)


def _read_model(folder: Path, entry: Mapping[str, Any]) -> ModelRun:
    name = str(entry.get("name") or "model")
    own = folder / "models" / name
    # A name comes from a file: one such as "../.." must not lead the report out of its run.
    inside = own.is_dir() and own.resolve().is_relative_to(folder.resolve())
    record = from_json(ModelRecord, entry)
    known = vars(record) | {"name": name, "label": record.label or _label(name)}
    return ModelRun(**known, folder=own if inside else folder)


def goal_label(name: str) -> str:
    """Name a goal in the user's words."""
    known = {goal.name: goal.label for goal in GOALS}
    return known.get(name, name.replace("_", " ").capitalize())


def _label(name: str) -> str:
    known = {line.name: line.label for line in models_for()}
    return known.get(name, name.replace("_", " ").capitalize())


def _entry_of_training(run: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the model of a run that has not been evaluated, from what training recorded."""
    model = run.get("model")
    name = str(model.get("name") if isinstance(model, Mapping) else model or "model")
    return {**{key: run[key] for key in run if key not in ("model", "notes")}, "name": name}


def shared_end(models: Sequence[ModelRun], name: str, end: str) -> float | None:
    """Find what real or noise scores: the same for all models, so the first that records it.

    Parameters
    ----------
    models : sequence of ModelRun
        The models.
    name : str
        The name of the metric.
    end : {"real", "noise"}
        Which of the two.

    Returns
    -------
    float or None
        None where no model records it.
    """
    for model in models:
        value = getattr(model.metrics.get(name), end, None)
        if value is not None:
            return float(value)
    return None


def better(models: Sequence[ModelRun], name: str) -> str:
    """Tell which way a figure improves: as the table says, else as real against noise.

    Parameters
    ----------
    models : sequence of ModelRun
        The models.
    name : str
        The name of the metric.

    Returns
    -------
    {"higher", "lower"}
        Which is better.
    """
    if name in METRICS:
        return METRICS[name].better
    real, noise = shared_end(models, name, "real"), shared_end(models, name, "noise")
    if real is not None and noise is not None and real != noise:
        return "higher" if real > noise else "lower"
    return "higher"
