"""What a run folder holds, read once and forgivingly: a report never needs the whole of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from further.errors import RunError
from further.evaluate.generation.flags import gives_rows_away
from further.evaluate.metrics import GOALS, METRICS, Metric, find_metric
from further.evaluate.record import Figure, GoalRecord, ModelRecord, Recommendation
from further.evaluate.typed_json import from_json, to_json
from further.registry import models_for
from further.report.markup import Markup, tag
from further.report.numbers import as_number
from further.report.pictures import Album

_PICTURES = ("samples", "nearest", "interpolation")
#: What helps where a file is damaged that an evaluation does not rewrite, or not for every task.
_REMEDIES = {
    "run.json": "the run cannot be read without it, so start a new one",
    "evaluation.json": "remove it and resume the run, which writes it anew",
}


@dataclass(frozen=True)
class ModelRun(ModelRecord):
    """One model of a run: its record in the evaluation and the folder that holds its files."""

    folder: Annotated[Path, "Its files."] = Path()

    @property
    def short(self) -> str:
        """The name that commands use, as words: it fits where the label does not."""
        return self.name.replace("_", " ")

    @property
    def flag(self) -> Markup | None:
        """A sign behind its name where it has flags, which name them under the pointer."""
        return tag("span", "⚑", class_="flag", title=", ".join(self.flags)) if self.flags else None

    @property
    def is_control(self) -> bool:
        """Whether the model stands there only to be compared with."""
        return self.role == "control"

    def picture(self, name: str) -> Path:
        """Return the file of a picture, which need not be there."""
        return self.folder / "pictures" / f"{name}.png"

    @property
    def shows_training_rows(self) -> bool:
        """Whether its samples are rows of the training set, by design or by failure."""
        return self.is_copy or "memorizes" in self.flags or gives_rows_away(self.metrics)

    def figure(self, name: str) -> Figure | None:
        """Find a figure among the metrics or, as for energy, beside them; ``None`` if undefined."""
        found = self.metrics.get(name) or Figure(self.value(name))
        if within := self.estimated_range(name):
            low, high = within
            ends = [end for end in (found.low, found.high) if end is not None]
            found = replace(found, low=min([low, *ends]), high=max([high, *ends]))
        return found if found.value is not None else None


@dataclass(frozen=True)
class RunFolder:
    """A run as its page shows it."""

    path: Annotated[Path, "The folder."]
    run: Annotated[Mapping[str, Any], "Its ``run.json``."]
    evaluation: Annotated[Mapping[str, Any], "Its ``evaluation.json``; empty if there is none."]
    models: Annotated[tuple[ModelRun, ...], "Those of a comparison, or the one trained."] = ()
    controls: Annotated[tuple[ModelRun, ...], "What a single model is compared with."] = ()
    training_examples: Annotated[
        bool, "Whether the page may show rows or pictures of the training set."
    ] = True

    @property
    def control(self) -> ModelRun | None:
        """The simple control: a member of a comparison, or fitted beside a single model."""
        every = (*self.models, *self.controls)
        return next((model for model in every if model.is_control and not model.is_copy), None)

    @property
    def data(self) -> Mapping[str, Any]:
        """What is recorded about the data."""
        return mapping(self.recorded("data"))

    @property
    def is_comparison(self) -> bool:
        """Whether several models were trained to be compared."""
        return len(self.models) > 1

    @property
    def recommendation(self) -> Recommendation:
        """What the comparison recommends."""
        return from_json(Recommendation, self.evaluation.get("recommendation"))

    @property
    def goals(self) -> dict[str, GoalRecord]:
        """Goal by goal: its metric, ranking and ties."""
        return {name: goal for name, goal in self.recommendation.goals.items() if goal.metric}

    @cached_property
    def album(self) -> Album:
        """The pictures of the page, kept together within a size that can be sent."""
        paths = [self.path / "pictures" / f"{name}.png" for name in ("real", "held_out")]
        paths += [model.picture(name) for model in self.models for name in _PICTURES]
        return Album(paths, self.data.get("shape"))

    def recorded(self, key: str) -> Any:
        """Find an entry of the evaluation or, where that says nothing, of the run."""
        found = self.evaluation.get(key)
        return self.run.get(key) if found in (None, "", {}) else found

    def label(self, name: str) -> str:
        """Name a model as the report does."""
        return next((model.label for model in self.models if model.name == name), _label(name))


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
        return to_json(json.loads(content))
    except json.JSONDecodeError as error:
        remedy = _REMEDIES.get(path.name, "evaluate the run again to rewrite it")
        raise RunError(
            f"{path}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg}); "
            f"{remedy}."
        ) from error


def read_csv(path: Path, limit: int | None = None) -> list[dict[str, str]]:
    """Read rows of a CSV file as texts by column; none where there is no such file.

    Parameters
    ----------
    path : Path
        The file.
    limit : int, optional
        Read only so many rows, the first; default: all.

    Returns
    -------
    list of dict
        A row each.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                {str(key): value or "" for key, value in row.items() if key is not None}
                for row in islice(csv.DictReader(file), limit)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_history(folder: Path) -> dict[str, list[float | None]]:
    """Read a learning curve as columns of numbers; what is empty or not finite is ``None``."""
    rows = read_csv(folder / "history.csv")
    return {name: [_number(row.get(name, "")) for row in rows] for name in (rows or [{}])[0]}


def _number(text: str) -> float | None:
    try:
        return as_number(float(text))
    except ValueError:
        return None


def read_run(path: str | Path, *, training_examples: bool = True) -> RunFolder:
    """Read what a report needs from a run folder, of a comparison or of a single model.

    Parameters
    ----------
    path : str or Path
        The run folder.
    training_examples : bool, default=True
        Whether the page may show rows or pictures of the training set.

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
        tuple(_read_model(folder, entry) for entry in objects(evaluation.get(part)))
        for part in ("models", "controls")
    )
    models = models or (_read_model(folder, _entry_of_training(run)),)
    return RunFolder(folder, run, evaluation, models, controls, training_examples)


def _read_model(folder: Path, entry: Mapping[str, Any]) -> ModelRun:
    name = str(entry.get("name") or "model")
    own = folder / "models" / name
    # A name comes from a file: one such as "../.." must not lead the report out of its run.
    inside = own.is_dir() and own.resolve().is_relative_to(folder.resolve())
    record = from_json(ModelRecord, entry)
    known = vars(record) | {"name": name, "label": record.label or _label(name)}
    return ModelRun(**known, folder=own if inside else folder)


def _entry_of_training(run: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the model of a run that has not been evaluated, from what training recorded."""
    model = run.get("model")
    name = str(model.get("name") if isinstance(model, Mapping) else model or "model")
    return {**{key: run[key] for key in run if key not in ("model", "notes")}, "name": name}


def goal_label(name: str) -> str:
    """Name a goal in the user's words."""
    return _known({goal.name: goal.label for goal in GOALS}, name)


def _label(name: str) -> str:
    return _known({line.name: line.label for line in models_for()}, name)


def _known(labels: Mapping[str, str], name: str) -> str:
    words = name.replace("_", " ")
    return labels.get(name, words[:1].upper() + words[1:])


def in_order(names: Set[str]) -> list[Metric]:
    """Return metrics in the order of their table; those that it lacks come last."""
    known = [metric for name, metric in METRICS.items() if name in names]
    return known + [find_metric(name) for name in sorted(names - METRICS.keys())]
