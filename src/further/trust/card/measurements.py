"""Everything that a run holds about a model, read once: what is missing reads as not measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from further.errors import InputError, RunError, unknown
from further.evaluate.metrics import METRICS, find_metric
from further.evaluate.record import Measured
from further.evaluate.typed_json import from_json
from further.train.files import read_json
from further.train.run import Run
from further.trust.doctor.diagnosis import doctor

Json = Mapping[str, Any]
#: What decides whether a model is better than its control, by task, where the run does not say.
DECIDING = {
    "classification": "log_loss", "regression": "rmse", "detection": "ap", "instances": "ap",
    "segmentation": "mean_iou", "generation": "kernel_distance", "clustering": "stability",
}  # fmt: skip
#: Measurements that are kept in files of their own, besides the evaluation.
RECORDS = ("audit", "robustness", "sensitivity", "shift")


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure of the model beside that of its control."""

    metric: Annotated[str, "A key of the table of metrics."]
    label: Annotated[str, "What it is called."]
    own: Annotated[Measured, "Of the model."]
    control: Annotated[Measured | None, "Of what it has to beat; None where there is nothing."]

    @property
    def worse_or_alike(self) -> bool:
        """Whether the interval reaches the figure of the control, or lies on its wrong side."""
        if self.control is None or self.control.value is None or self.own.value is None:
            return False
        if find_metric(self.metric).better == "higher":
            low = self.own.value if self.own.low is None else self.own.low
            return low <= self.control.value
        high = self.own.value if self.own.high is None else self.own.high
        return high >= self.control.value


@dataclass(frozen=True, eq=False)
class Measurements:
    """What a run says of one model."""

    path: Annotated[Path, "The folder."]
    run: Annotated[Json, "``run.json``."]
    evaluation: Annotated[Json, "``evaluation.json``; empty where there is none."]
    model: Annotated[Json, "The record of the model; of a clustering the evaluation."]
    control: Annotated[Json | None, "That of the control."]
    diagnosis: Annotated[Json | None, "Of its learning curves."]
    records: Annotated[dict[str, Json], "Of the audit, robustness, sensitivity and shift."] = field(
        default_factory=dict
    )
    of_others: Annotated[dict[str, str], "Records that are left out: the model they are of."] = (
        field(default_factory=dict)
    )

    @property
    def task(self) -> str:
        """The task of the run."""
        return str(self.evaluation.get("task") or self.run.get("task") or "")

    @property
    def label(self) -> str:
        """What the model is called."""
        model = self.run.get("model")
        return str(self.model.get("label") or self.model.get("name") or model or "the model")

    @property
    def data(self) -> Json:
        """What is recorded of the data."""
        return {**mapping(self.run.get("data")), **mapping(self.evaluation.get("data"))}

    @property
    def data_name(self) -> str:
        """What the data are called."""
        return str(self.data.get("name") or "the data")

    @property
    def control_label(self) -> str:
        """What the control is called."""
        return str(mapping(self.control).get("label") or "control")

    @property
    def repeats(self) -> int:
        """Trainings behind the figures."""
        return int(self.evaluation.get("repeats") or self.run.get("repeats") or 1)

    @property
    def n_held_out(self) -> int:
        """Held-out examples behind the figures: the fewest of them all; 0 where there are none."""
        held_out = [f.own.n for f in self.figures() if find_metric(f.metric).group != "Cost"]
        return min(filter(None, held_out), default=0) if self.task != "clustering" else 0

    def figures(self) -> tuple[Figure, ...]:
        """Return the figures that a table has a heading for, in the order of that of metrics."""
        own, other = (mapping(mapping(part).get("metrics")) for part in (self.model, self.control))
        if self.task == "clustering":
            own = {
                k: self.evaluation[k]
                for k in ("stability", "silhouette")
                if mapping(self.evaluation.get(k))
            }
        found = []
        for name, metric in METRICS.items():
            if name in own and metric.heading and mapping(own[name]).get("value") is not None:
                control = from_json(Measured, other[name]) if name in other else None
                found.append(Figure(name, metric.label, from_json(Measured, own[name]), control))
        return tuple(found)

    def figure(self, name: str) -> Figure | None:
        """Return one of :meth:`figures`; None where it was not measured."""
        return next((f for f in self.figures() if f.metric == name), None)

    @property
    def deciding(self) -> Figure | None:
        """The figure by which the task is decided."""
        recommended = mapping(self.evaluation.get("recommendation")).get("metric")
        return self.figure(str(recommended or DECIDING.get(self.task, "")))


def mapping(value: object) -> Json:
    """Take a JSON value as an object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object) -> list[Json]:
    """Take a JSON value as a list of objects; what is none of them is left out."""
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def read_measurements(path: str | Path, model: str | None = None) -> Measurements:
    """Read what a run says of a model.

    Parameters
    ----------
    path : path
        The folder of a finished run.
    model : str, optional
        Of several; default: the one that the run recommends.

    Returns
    -------
    Measurements
        Of it.

    Raises
    ------
    RunError
        If it is no run, has not finished, or is a member of a comparison.
    InputError
        If there is no such model.
    """
    run = Run(path)
    run.refuse_unfinished()
    file = run.path / "evaluation.json"
    evaluation = read_json(file) if file.is_file() else {}
    if "models" not in evaluation and "model" in evaluation:
        raise RunError(f'"{path}" is a member of a comparison; name the folder of the comparison.')
    models = objects(evaluation.get("models"))
    every = [*models, *objects(evaluation.get("controls"))]
    chosen = _chosen(models, evaluation, model)
    control = next(
        (
            m
            for m in every
            if m.get("role") == "control" and not m.get("is_copy") and m is not chosen
        ),
        None,
    )
    records: dict[str, Json] = {
        name: read_json(run.path / f"{name}.json")
        for name in RECORDS
        if (run.path / f"{name}.json").is_file()
    }
    # A record that names no model is of a run that has one, or was kept without saying.
    of_others = {
        name: str(record["model"])
        for name, record in records.items()
        if chosen and record.get("model") not in (None, chosen.get("name"))
    }
    for name in of_others:
        del records[name]
    found = chosen if chosen else evaluation if evaluation.get("task") == "clustering" else {}
    return Measurements(
        run.path, run.record, evaluation, found, control,
        _diagnosis(run.path, found), records, of_others,
    )  # fmt: skip


def _chosen(models: list[Json], evaluation: Json, wanted: str | None) -> Json | None:
    if not models:
        if wanted is not None:
            raise InputError(f'This run does not compare models, so leave out "{wanted}".')
        return None
    recommended = mapping(evaluation.get("recommendation"))
    rankings = [mapping(g).get("ranking") for g in mapping(recommended.get("goals")).values()]
    name = wanted or recommended.get("chosen") or recommended.get("best")
    if not name:
        name = next((ranking[0] for ranking in rankings if ranking), None)
    by_name = {str(m.get("name")): m for m in models}
    if name in by_name:
        return by_name[str(name)]
    if wanted is not None:
        raise InputError(unknown("model of this run", wanted, list(by_name)))
    return next((m for m in models if m.get("role") != "control"), models[0])


def _diagnosis(path: Path, model: Json) -> Json | None:
    """Return what the doctor says of its learning curves, which a run may have kept."""
    kept = model.get("diagnosis")
    if isinstance(kept, Mapping):
        return kept
    for folder in (path / "models" / str(model.get("name")), path):
        if (folder / "history.csv").is_file() and model.get("family") == "network":
            try:
                return doctor(str(folder)).to_json()
            except InputError:
                return None
    return None
