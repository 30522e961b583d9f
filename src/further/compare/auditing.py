"""An audit of whatever holds predictions: a file that any framework wrote, a table, or a run.

What a run predicted of its held-out rows its own task says: the module that the table of tasks
names has ``held_out_rows``, which takes the run, the name of a model or None, how decisions are
read and the columns of the groups, and returns
:class:`~further.trust.audit.predictions.Predictions`. The columns of the data stand beside, so that
an audit divides by columns that the model saw, or did not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from further.compare.source import default_folder
from further.data.loading import load
from further.errors import InputError
from further.registry import TASKS, find_task, task_module
from further.train.files import write_json
from further.train.run import Run
from further.trust.audit.audit import GroupAudit, audit_predictions
from further.trust.audit.behind import behind
from further.trust.audit.decision import as_decided, decide, decided_by_rule
from further.trust.audit.groups import split_wanted
from further.trust.audit.predictions import Predictions, predictions_of
from further.trust.audit.trade_off import Rule

#: The file of an audit in its run.
RECORD = "audit.json"


def audit(
    source: Any,
    *,
    group: str | Sequence[str] = (),
    label: str | None = None,
    score: str | None = None,
    prediction: str | None = None,
    positive: str | None = None,
    selected: Sequence[str] = (),
    threshold: float | None = None,
    rule: tuple[Rule, float] | None = None,
    unit: str | None = None,
    model: str | None = None,
    reference: Mapping[str, str] | None = None,
    population: Any = None,
    find_slices: bool | Sequence[str] = False,
    seed: int = 0,
    **loading: Any,
) -> GroupAudit:
    """Audit predictions by group: how often is a model wrong about whom, each with an interval.

    When to use: before anybody relies on a model, and with the predictions of any framework; rows
    must be ones that it never saw in training. When it fails: where labels mean something else in
    each group (an arrest is not an offence), equal rates are not equal treatment; and of a group
    with a dozen rows it says little, and says so.

    Parameters
    ----------
    source : path, DataFrame or mapping
        A CSV or Parquet file, a table in memory, or the folder of a run; or detections as COCO
        writes them (JSON), whose ``label`` is the file of annotations.
    group : str or sequence of str
        Columns whose values are the groups, as "race,sex" or ["race", "sex"]; several also give
        their intersections. ``age:25,45`` cuts numbers at 25 and 45.
    label : str
        The column with the truth; a run knows its own.
    score : str
        The column with a score, higher where the positive class is more likely, or with decisions
        (0 and 1, or words); of a quantity the predicted number.
    prediction : str, optional
        The column with decisions, or with the predicted class of several.
    positive : str, optional
        The label that is the positive one, where that is not plain.
    selected : sequence of str
        Words of ``score`` that mean that a row is selected.
    threshold : float, optional
        From which score on a row is selected; needed where there are scores and no decisions.
    rule : tuple of str and float, optional
        What decides in place of a threshold, as ("equal_fpr", 0.2): see
        :meth:`further.trust.audit.trade_off.TradeOff.choose`.
    unit : str, optional
        A column whose equal values are rows that depend on each other, such as visits of a person:
        intervals of shares then count persons, and other figures have none.
    model : str, optional
        Of a run that compares several; default: the one that it chose.
    reference : mapping, optional
        Column to value of the group that others stand beside; default: the largest group.
    population : path or DataFrame, optional
        Shares of groups in the population that the data stand for: a column named as the groups'
        is, and one of shares or numbers.
    find_slices : bool or sequence of str, default=False
        Whether to look for combinations of conditions under which the model is wrong more often,
        on all columns or on those named. Leave out columns that give the label away.
    seed : int, default=0
        Of draws and halves.
    **loading
        Options of reading, as of :func:`further.data.load`.

    Returns
    -------
    GroupAudit
        Its ``sentence`` is the answer; ``to_frame()`` has a row a group and metric.

    Raises
    ------
    InputError
        Where a column is missing, or something has to be named that cannot be seen.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(2000) < 0.4
    >>> table = pd.DataFrame({"y": y, "p": np.where(y, 0.6, 0.4) + rng.normal(0, 0.2, 2000),
    ...                       "sex": rng.choice(["f", "m"], 2000)})
    >>> found = audit(table, label="y", score="p", group="sex", threshold=0.5)
    >>> found.to_json()["groups"][0]["group"]
    {'sex': 'f'}
    """
    wanted = split_wanted(group) if isinstance(group, str) else list(group)
    asked: dict[str, Any] = {
        "positive": positive,
        "selected": tuple(selected),
        "threshold": threshold,
    }
    if _is_run(source):
        place = f'the run "{source}"'
        strange = {
            "label": label, "score": score, "prediction": prediction, "unit": unit, **loading
        }  # fmt: skip
        refused = [name for name, value in strange.items() if value is not None]
        if refused:
            raise InputError(
                f"{place} knows its own {refused[0]}; leave out --{refused[0].replace('_', '-')}."
            )
        run = Run(source)
        predictions = predictions_of_run(run, model, **asked, group=tuple(wanted))
        fixed = run.record.get("threshold")
        if fixed is not None and threshold is None and rule is None:
            said = {name: run.record.get(name) for name in ("decided_by", "reason")}
            predictions = as_decided(predictions, {**fixed, **said}, place)
    elif isinstance(source, str | Path) and Path(source).suffix.lower() == ".json":
        from further.compare.vision.audited import predictions_of_files

        place = str(source)
        if label is None:
            raise InputError(f"{place}: name the file of annotations with --label FILE.")
        predictions = predictions_of_files(Path(source), Path(label), **asked, group=tuple(wanted))
    else:
        if model is not None:
            raise InputError(f"--model {model} names a model of a run, and {source} is none.")
        frame, name, place, notes = _table(source, loading)
        if label is None:
            raise InputError(f"{place}: name the column with the truth with --label COLUMN.")
        predictions = predictions_of(
            frame, place, name, label=label, score=score, prediction=prediction, unit=unit,
            notes=notes, undecided=rule is not None, **asked,
        )  # fmt: skip
    if rule is not None:
        if threshold is not None:
            raise InputError(f"--threshold {threshold:g} and a rule cannot decide both; give one.")
        predictions = decided_by_rule(predictions, wanted, *rule, place)
    return audit_predictions(
        predictions, wanted, reference=tuple((reference or {}).items()),
        population=_population(population), slices=find_slices, place=place, seed=seed,
    )  # fmt: skip


def predictions_of_run(run: Run, model: str | None = None, **asked: Any) -> Predictions:
    """Return what a run predicted of its held-out rows, with the columns of the data.

    Parameters
    ----------
    run : Run
        Finished.
    model : str, optional
        Of several; default: the one that it chose.
    **asked
        ``positive``, ``selected``, ``threshold`` and ``group`` of :func:`audit`.

    Returns
    -------
    Predictions
        Ready to be audited.

    Raises
    ------
    InputError
        If its task predicts nothing that can be audited.
    """
    run.refuse_unfinished()
    task = run.record.get("task")
    if task is None or not find_task(task).audit:
        able = [line.name for line in TASKS if line.audit]
        raise InputError(
            f'"{run.path}" is a run of {task}, which leaves no predictions to audit; give one of '
            f"{', '.join(able)}, or a file of predictions."
        )
    found: Predictions = task_module(task, "audit").held_out_rows(run, model, **asked)
    return found


def _is_run(source: Any) -> bool:
    return isinstance(source, str | Path) and (Path(source) / "run.json").is_file()


def _table(source: Any, loading: dict[str, Any]) -> tuple[pd.DataFrame, str, str, tuple[str, ...]]:
    """Return a table as it is, its name, its place for messages, and notes on how it was read."""
    given = {name: value for name, value in loading.items() if value is not None}
    if isinstance(source, str | Path):
        if Path(source).is_dir():
            raise InputError(
                f'"{source}" is a folder and no run: it has no run.json; give a file of '
                "predictions or a run."
            )
        data = load(source, tidy=False, **given)
    else:
        data = load(pd.DataFrame(source), tidy=False, **given)
    if data.kind != "table":
        raise InputError(f"{source} holds {data.kind}; an audit reads a table of predictions.")
    place = str(source) if isinstance(source, str | Path) else "the table"
    return data.frame, data.name, place, data.notes


def _population(population: Any) -> pd.DataFrame | None:
    if population is None:
        return None
    frame, *_ = _table(population, {})
    return frame


def fix_threshold(
    found: GroupAudit,
    rule: Rule,
    wanted: float,
    *,
    decided_by: str | None,
    reason: str | None,
    seed: int = 0,
) -> GroupAudit:
    """Return an audit with a threshold that somebody fixed, and what it does to each group.

    Parameters
    ----------
    found : GroupAudit
        Of two classes with scores.
    rule, wanted
        See :meth:`further.trust.audit.trade_off.TradeOff.choose`.
    decided_by, reason : str
        Who is responsible, and why so.
    seed : int
        Of the halves on which the rule is checked.

    Returns
    -------
    GroupAudit
        With its ``decision``.

    Raises
    ------
    InputError
        Without scores, groups, a name or a reason.
    """
    if not found.trade_offs:
        raise InputError(
            "A threshold is fixed for scores of two classes by group; give --score a column of "
            "numbers, and --group."
        )
    decision = decide(
        found.predictions, found.trade_offs[0], rule, wanted, decided_by=decided_by,
        reason=reason, seed=seed,
    )  # fmt: skip
    return replace(found, decision=decision)


def _behind(found: GroupAudit) -> dict[str, Any] | None:
    """Return rows behind the counts, where there are two classes and groups."""
    if found.predictions.kind != "binary" or not found.by:
        return None
    return behind(found.predictions, found.single)


def keep_audit(
    found: GroupAudit,
    source: Any,
    *,
    out: str | Path | None = None,
    command: str | None = None,
    seed: int = 0,
) -> Path:
    """Write an audit into the run that it is of, or into a run of its own.

    Parameters
    ----------
    found : GroupAudit
        What was found.
    source : path or table
        What was audited.
    out : path, optional
        The folder of the run of its own; not for the audit of a run.
    command : str, optional
        The command line to record.
    seed : int
        To record.

    Returns
    -------
    Path
        The folder with ``audit.json``. A threshold that was fixed stands in ``run.json``, with who
        decided it and why, and later audits of that run use it.
    """
    is_run = _is_run(source)
    if is_run:
        if out is not None:
            raise InputError(f'The audit of a run is kept in it: leave out "--out {out}".')
        run = Run(source)
    else:
        name = found.predictions.name
        place = str(source) if isinstance(source, str | Path) else "table"
        run = Run.create(
            out or default_folder("audit", name), task="audit", command=command, seed=seed,
            data={"name": name, "source": place},
        )  # fmt: skip
    with run.working():
        write_json(
            run.path / RECORD, {**found.to_json(), "run": str(run.path), "behind": _behind(found)}
        )
        changes: dict[str, Any] = {} if is_run else {"status": "finished"}
        if found.decision is not None:
            kept = (
                "rule", "label", "wanted", "by", "asked", "thresholds", "decided", "model",
                "positive",
            )  # fmt: skip
            changes |= {
                "threshold": {name: found.decision[name] for name in kept},
                "decided_by": found.decision["decided_by"], "reason": found.decision["reason"],
            }  # fmt: skip
        if changes:
            run.update(**changes)
    return run.path
