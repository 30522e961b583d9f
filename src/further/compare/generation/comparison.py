"""Which generative model is right for this data? All of them, under one budget, with controls.

The way of one comparison: the data are read and split; every member is trained, sampled and judged
in its own run under ``models/NAME`` by worker processes (:mod:`further.compare.worker`); then what
the members left is put together here: flags, ties, goals, a recommendation. Whatever a kill leaves
can be completed, since each member's run knows how far it came.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from further.compare.generation.cost import MemberCost, likelihood_rows, unknown_cost
from further.compare.generation.member import Candidate, simple_control
from further.compare.generation.pictures import write_real
from further.compare.generation.recommend import recommend
from further.compare.generation.repeats import Trainings
from further.compare.generation.run import GenerationRun
from further.compare.generation.setting import Setting, read_setting
from further.compare.members import (
    Member,
    choose_models,
    judge_members,
    members_of,
    train_members,
)
from further.compare.result import Result
from further.compare.source import EventHandler, default_folder, describe_data, read_input
from further.compare.task import Work, work_on
from further.errors import InputError
from further.evaluate.record import ModelRecord
from further.generate.generative_estimator import GenerativeEstimator
from further.registry import find_model
from further.train.budget import Budget
from further.train.execution import find_device
from further.train.load import load as load_model
from further.train.run import Run

TASK = "generation"


class Comparison(Result[GenerativeEstimator]):
    """The result of a comparison."""

    @property
    def recommendation(self) -> str:
        """What further would use here and why, in one sentence."""
        sentence: str = self.evaluation["recommendation"]["sentence"]
        return sentence

    def to_frame(self) -> pd.DataFrame:
        """Return the metrics as a table: a row a model and metric, with interval and scale."""
        rows = [
            {"model": model["name"], "role": model["role"], "metric": name}
            | {key: metric[key] for key in ("value", "low", "high", "real", "noise")}
            for model in self.evaluation["models"]
            for name, metric in model["metrics"].items()
        ]
        return pd.DataFrame(rows).set_index(["model", "metric"])


def generative_models(
    data: Any,
    y: Any = None,
    *,
    models: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    budget: str | float = "auto",
    seed: int = 0,
    repeats: int = 1,
    negligible: float | None = None,
    conditional: bool = True,
    target: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> Comparison:
    """Compare generative models on one data set under one equal budget of computation.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "digits", a file or folder, or the data themselves.
    y : array of shape (n,), optional
        Class labels of data given in memory.
    models : sequence of str, or dict of dict, optional
        Names of models, or names with hyperparameters; the controls are always among them.
        Default: all.
    budget : str or float, default="auto"
        Training of each network: operations ("2e12"), "30 epochs", "500 steps" or seconds
        ("60s", not reproducible).
    seed : int, default=0
        Of the split, the training and the evaluation.
    repeats : int, default=1
        Trainings of each model with different seeds; more than one shows whether the ranking
        survives that variation.
    negligible : float, optional
        A difference that does not matter, as a share of the scale from what noise scores to what
        real rows score, such as 0.01: gives for every tie the probability that the best model is
        better, and that the difference is negligible.
    conditional : bool, default=True
        Whether models are conditioned on the class where there are labels.
    target : str, optional
        The label column of a table.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are trained and sampled; "auto" takes a GPU where there is one.
    jobs : int, optional
        Members trained at a time; default: as many as there are cores, and always one on a GPU. It
        changes no result.
    out : path, optional
        Folder of the run; default: a new folder under ``runs``.
    on_event : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Comparison
        With the path of the run, the evaluation and the recommendation.

    Raises
    ------
    InputError
        If the data, a model or the budget cannot be used, or the machine does not have
        the memory or the device.

    Examples
    --------
    >>> import further
    >>> comparison = further.compare.generative_models("digits")  # doctest: +SKIP
    >>> comparison.recommendation  # doctest: +SKIP
    """
    dataset = read_input(data, y, target=target, **loading)
    chosen = choose_models(TASK, models)
    amount = Budget.parse(budget)
    find_device(device)
    if repeats < 1:
        raise InputError(f"repeats={repeats} must be at least 1.")
    if negligible is not None and not 0 < negligible < 1:
        raise InputError(f"negligible={negligible:g} must lie between 0 and 1, such as 0.01.")
    conditional = conditional and dataset.classes is not None
    split = dataset.split(seed=seed)
    run = Run.create(
        out or default_folder("compare", dataset.name),
        command=command or "further.compare.generative_models",
        task=TASK,
        data=describe_data(dataset),
        seed=seed,
        repeats=repeats,
        budget=str(budget) if amount.unit != "flop" or budget == "auto" else f"{amount.amount:g}",
        conditional=conditional,
        device=device,
        models=chosen,
        split=split.describe(),
    )
    if run.record.get("negligible") != negligible:
        # It changes what is said of the figures, and no figure.
        run.update(negligible=negligible)
    if dataset.source == "array":
        dataset.save(run.path / "data")
    comparison = ComparisonRun(run, on_event)
    comparison.setting = Setting(dataset, split, seed, run.record["budget"], conditional, device)
    return comparison.resume(jobs)


def member_worker(path: Path) -> Work:
    """Return what trains and judges the members of a comparison in a worker process."""
    setting = read_setting(Run(path))
    return work_on(lambda member: _candidate(setting, member))


def _candidate(setting: Setting, member: Mapping[str, Any]) -> Candidate:
    return Candidate.make(setting, member["model"], member["parameters"], member["repeat"])


class ComparisonRun(GenerationRun):
    """The run of a comparison."""

    def resume(self, jobs: int | None = None) -> Comparison:
        """Train and judge the members that have not finished, and compare all."""
        run = self.run
        with run.working():
            run.update(status="running")
            costs = self._measure_costs()
            setting = self.setting
            started = time.perf_counter()
            setting.evaluator  # noqa: B018 - what members wait for too, so it is timed
            preparing = time.perf_counter() - started
            # Members that share a GPU would only wait for each other.
            at_a_time = jobs if find_device(setting.device) == "cpu" else 1
            train_members(
                run, setting.dataset.name, lambda member: costs[member["model"]].total(setting),
                at_a_time, self.emit, preparing=preparing,
            )  # fmt: skip
            self.emit({"event": "judging"})
            write_real(setting, run.path)
            self._put_together()
            run.update(status="finished")
        return Comparison.of(run)

    def _measure_costs(self) -> dict[str, MemberCost]:
        """Return what each model that has not finished takes.

        From that follows of how many test rows likelihoods are computed, once for all members.
        """
        todo = {
            member.line.name: member.parameters
            for member in members_of(self.run)
            if not (member.folder / "evaluation.json").is_file()
        }
        costs = {}
        for name, parameters in todo.items():
            candidate = Candidate.make(self.setting, name, parameters)
            try:
                costs[name] = candidate.measure_cost()
            except InputError:
                raise
            except Exception:  # it fails again where it is trained, and is marked as failed there
                costs[name] = unknown_cost(self.setting)
        if "likelihood_rows" not in self.run.record:
            rows = likelihood_rows(self.setting, list(costs.values()))
            self.run.update(likelihood_rows=rows)
            self.setting = replace(self.setting, likelihood_rows=rows)
        return costs

    def judge(self, device: str) -> Comparison:
        """Judge the trained members again, as after an update of further."""
        run = self.run
        run.refuse_unfinished()
        setting = self.setting

        def judge(member: Member) -> None:
            estimator: Any = load_model(member.folder, device=device)
            Candidate(setting, member.line, estimator).judge(member.folder)

        with run.working():
            judge_members(run, judge, self.emit)
            self._put_together()
        return Comparison.of(run)

    def _put_together(self) -> None:
        """Write what the members left, with flags, ties and recommendation."""
        run, setting = self.run, self.setting
        failures: dict[str, list[str]] = {}
        for failure in run.record.get("failures", []):
            failures.setdefault(failure["model"], []).append(failure["message"])
        folders: dict[str, list[Path]] = {}
        for member in members_of(run):
            found = folders.setdefault(member.line.name, [])
            if (member.folder / "evaluation.json").is_file():
                found.append(member.folder)
        trained = {name: Trainings(found) for name, found in folders.items() if found}
        scores = {name: trainings.scores for name, trainings in trained.items()}
        control = scores.get(simple_control().name)
        models = []
        for name, found in folders.items():
            line, failed = find_model(name), failures.get(name, [])
            model = ModelRecord(name, line.label, line.family, line.role)
            raised: tuple[str, ...] = ("failed",)
            notes = tuple(failed[:1])
            if name in trained:
                model = trained[name].record
                simple = control if line.role == "model" else None
                raised, notes = trained[name].flags(setting.evaluator.real, simple)
                if failed:
                    of = f"{len(failed)} of {len(found) + len(failed)}"
                    notes = (*notes, f"It failed in {of} trainings: {failed[0]}")
            models.append(replace(model, flags=raised, notes=notes))
        advice = recommend(
            models, scores, setting.dataset.name,
            real=setting.evaluator.real_scores, near_duplicates=self.data.near_duplicates,
            negligible=run.record.get("negligible"),
        )  # fmt: skip
        self._write(models, run.record["seconds"], recommendation=advice)
