"""What a run that predicts says of new rows: their target, or how well it is predicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.compare.prediction.ladder import Ladder
from further.compare.prediction.predicted import interval_of, predict_with, write_predicted
from further.compare.prediction.setting import Fold, Setting, chosen_model, read_setting
from further.compare.prediction.target import Question, read_question
from further.compare.result import NewRows
from further.compare.scores import figures_of
from further.compare.source import EventHandler, default_folder, describe_data
from further.data.dataset import Dataset, as_dataset
from further.data.loading import load
from further.errors import InputError
from further.evaluate.prediction.record import (
    PredictionEvaluation,
    PredictorRecord,
)
from further.evaluate.record import DataRecord, HeldOutRecord
from further.evaluate.typed_json import from_json, to_json
from further.registry import find_model
from further.train.files import read_json, write_json
from further.train.load import load as load_model
from further.train.run import Run, machine, versions

#: Options of reading that hold for new rows as they did for the first ones.
_KEPT = ("missing_values", "categorical", "numeric", "identifier", "header", "resize")


def predict(run: str | Path, data: Any, *, model: str | None = None, **loading: Any) -> NewRows:
    """Return new rows with their predicted class or number.

    Parameters
    ----------
    run : path
        A ladder, or a model that was trained alone.
    data : str, Path, DataFrame or array
        Rows with the columns that the run learnt from; others stay as they are.
    model : str, optional
        Of a ladder; default: the one that it chose.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    NewRows
        With ``prediction``; for classes ``probability`` (of the predicted one) and one column for
        each class; for numbers ``low`` and ``high``, between which 90 % of such rows lie. A name
        that is taken already begins with ``further_``.
    """
    made = Run(run)
    estimator = load_model(run, model or chosen_model(made))
    read = _read(made, data, loading)
    dataset = _as_learnt(read, estimator)
    added: dict[str, Any] = {}
    if made.record["task"] == "classification":
        p = np.asarray(estimator.predict_proba(dataset))
        added["prediction"] = np.asarray(estimator.classes_)[p.argmax(axis=1)]
        added["probability"] = p.max(axis=1).round(6)
        for name, column in zip(estimator.classes_, p.T, strict=True):
            added[f"probability:{name}"] = column.round(6)
        counts = pd.Series(added["prediction"]).value_counts()
        sizes = {str(name): int(n) for name, n in counts.items()}
        told = ", ".join(f"{n:,} {name}" for name, n in sizes.items())
    else:
        predicted = np.asarray(estimator.predict(dataset))
        added["prediction"] = predicted
        interval = interval_of(estimator, dataset)
        if interval is not None:
            added["low"], added["high"] = interval.T
        sizes = {}
        told = f"predicted from {predicted.min():.4g} to {predicted.max():.4g}"
    notes = [*read.notes, f"Predicted by {find_model(_name_of(made, model)).label}."]
    frame = read.frame if read.kind == "table" else pd.DataFrame(index=range(len(read)))
    taken = {str(column) for column in frame}
    named = {name if name not in taken else f"further_{name}": v for name, v in added.items()}
    table = pd.concat([frame.reset_index(drop=True), pd.DataFrame(named)], axis=1)
    return NewRows(table, tuple(notes), sizes, told)


def evaluate_rows(
    run: str | Path,
    data: Any,
    *,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> Ladder:
    """Judge the models of a run on rows that it never saw.

    Use it for rows of another month, another site, another instrument. It fails to notice that
    they were seen after all, but for rows that equal one of the first ones, which it counts.

    Parameters
    ----------
    run : path
        A ladder, or a model that was trained alone.
    data : str, Path, Dataset or DataFrame
        Rows with the columns that the run learnt from, and the target.
    out : path, optional
        Folder of the new run; default: a new folder under ``runs``.
    on_event : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Ladder
        A new run, with the figures of each model on these rows.
    """
    made = Run(run)
    before = from_json(PredictionEvaluation, read_json(made.path / "evaluation.json"))
    question = read_question(
        data, target=before.data.target, task=made.record["task"], **_as_the_run(made, loading)
    )
    question = _as_trained(question, before)
    everything = np.arange(len(question.dataset))
    setting = Setting(question, made.record["seed"])
    setting.__dict__["folds"] = (Fold(everything[:0], everything),)
    again = Run.create(
        out or default_folder("evaluate", question.dataset.name),
        command=command or "further.compare.evaluate_rows",
        task=made.record["task"], of=str(made.path), data=describe_data(question.dataset),
        seed=setting.seed,
    )  # fmt: skip
    emit = on_event or (lambda message: None)
    models = []
    n_train = before.data.rows.get("all", 0)
    for entry in (*before.models, *before.controls):
        if "failed" in entry.flags:
            continue
        emit({"event": "step", "what": entry.label})
        if entry in before.controls:
            estimator = load_model(made.path / "controls" / entry.name)
        else:
            estimator = load_model(run, entry.name if len(before.models) > 1 else None)
        predictions = predict_with(setting, [estimator], n_train)
        folder = again.path / "models" / entry.name
        write_predicted(folder, setting, predictions)
        models.append(_record(entry, figures_of(predictions.scores())))
    notes = (*question.dataset.notes, question.told, *_seen(made, question))
    evaluation = PredictionEvaluation(
        task=before.task, command=again.record["command"], run=str(again.path),
        further=versions()["further-ml"],
        data=DataRecord(
            **describe_data(question.dataset), classes=before.data.classes, notes=notes,
            rows={"all": len(question.dataset), "held out": len(question.dataset)},
        ),
        seed=setting.seed,
        held_out=HeldOutRecord(
            f'rows of their own, which the models of "{made.path}" never saw', 1,
            len(question.dataset),
        ),
        models=tuple(models), machine=machine(), versions=versions(),
    )  # fmt: skip
    write_json(again.path / "evaluation.json", to_json(evaluation))
    again.update(status="finished")
    return Ladder.of(again)


def _record(entry: PredictorRecord, metrics: Mapping[str, Any]) -> PredictorRecord:
    """Return the record of a model with its figures on other rows, and none of the first ones."""
    return dataclasses.replace(
        entry, metrics=dict(metrics), importance=(), surrogate=None, confusion=None,
        reliability=(), flags=(), seconds=None, energy_wh=None, carbon_g=None,
    )  # fmt: skip


def _as_the_run(made: Run, loading: dict[str, Any]) -> dict[str, Any]:
    """Return the options of reading, with those of the run where none are given."""
    known = made.record["data"]["options"]
    return {name: known[name] for name in _KEPT if name in known} | loading


def _read(made: Run, data: Any, loading: dict[str, Any]) -> Dataset:
    if isinstance(data, str | Path | pd.DataFrame):
        tidy: dict[str, Any] = {} if _is_folder(data) else {"tidy": False}
        dataset = load(data, **_as_the_run(made, loading), **tidy)
    else:
        dataset = as_dataset(data)
    return dataclasses.replace(dataset, target=None)


def _as_learnt(rows: Dataset, estimator: Any) -> Dataset:
    """Return the rows with the columns of the training, in their order."""
    names = getattr(estimator, "feature_names_in_", None)
    if rows.kind != "table" or names is None:
        return rows
    wanted = [str(name) for name in names]
    absent = [name for name in wanted if name not in rows.frame]
    if absent:
        raise InputError(
            f'{rows.name} has no column "{absent[0]}", which the run learnt from; give the same '
            "columns."
        )
    return dataclasses.replace(rows, values=rows.frame[wanted], feature_names=tuple(wanted))


def _is_folder(data: Any) -> bool:
    return isinstance(data, str | Path) and Path(data).is_dir()


def _name_of(made: Run, model: str | None) -> str:
    name: str = model or chosen_model(made) or made.record["model"]
    return name


def _as_trained(question: Question, before: PredictionEvaluation) -> Question:
    """Return the question with the classes of the training."""
    classes = question.dataset.classes
    if classes is None:
        return question
    known = list(before.data.classes)
    new = [name for name in classes.names if name not in known]
    if new:
        raise InputError(
            f'{question.dataset.name} has the class "{new[0]}", which the training rows lack; '
            f"they have {', '.join(known)}."
        )
    places = np.array([known.index(name) for name in classes.names])
    target = dataclasses.replace(classes, codes=places[classes.codes], names=tuple(known))
    return dataclasses.replace(
        question, dataset=dataclasses.replace(question.dataset, target=target)
    )


def _seen(made: Run, question: Question) -> tuple[str, ...]:
    """Say how many rows equal a row that the run learnt from, where these can still be read."""
    try:
        first = read_setting(made).dataset
    except InputError:
        return ("The rows that the run learnt from are gone, so copies of them are not counted.",)
    if first.kind != "table":
        return ()
    names = [name for name in first.feature_names if name in question.dataset.frame]
    hashes = [
        pd.util.hash_pandas_object(frame[names].astype(str), index=False)
        for frame in (first.frame, question.dataset.frame)
    ]
    n = int(hashes[1].isin(hashes[0]).sum())
    if not n:
        return ()
    return (
        f"{n:,} of {len(hashes[1]):,} rows equal a row that the run was made from: figures are "
        "flattered by them.",
    )
