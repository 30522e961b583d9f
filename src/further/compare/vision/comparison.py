"""Which model finds most in these pictures? Several under one budget of operations, with controls.

Each member is trained and judged in its own run under ``models/NAME`` by worker processes
(:mod:`further.compare.worker`); then what they left is put together: differences from the best on
the same resampled pictures, ties, the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from further.compare.members import (
    choose_models,
    judge_members,
    members_of,
    records_of,
    train_members,
    unsuitable,
)
from further.compare.result import Result
from further.compare.source import EventHandler, default_folder, read_input
from further.compare.task import Work, work_on
from further.compare.vision.advice import advise
from further.compare.vision.cost import MemberCost
from further.compare.vision.member import Candidate
from further.compare.vision.run import VisionRun
from further.compare.vision.setting import Setting, checked, describe_setting, read_setting
from further.errors import InputError
from further.evaluate.record import BudgetRecord
from further.evaluate.vision.record import VisionMember, VisionRecord
from further.registry import find_model, models_for, task_of_target
from further.train.budget import Budget
from further.train.estimator import Estimator
from further.train.execution import find_device
from further.train.run import Run


class VisionComparison(Result[Estimator]):
    """The result of a comparison of models that find something in pictures."""

    @property
    def recommendation(self) -> str:
        """Which model to use, in words."""
        found = self.evaluation["recommendation"]
        return str(found["sentence"]) if found else ""

    def to_frame(self) -> pd.DataFrame:
        """Return the metrics as a table: a row a model and metric, with its interval."""
        keys = ("value", "low", "high", "n")
        rows = [
            (model["name"], model["role"], name, *(figure[key] for key in keys))
            for model in self.evaluation["models"]
            for name, figure in model["metrics"].items()
        ]
        frame = pd.DataFrame(rows, columns=["model", "role", "metric", *keys])
        return frame.set_index(["model", "metric"])


def vision_models(
    data: Any,
    *,
    task: str | None = None,
    models: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    budget: str | float = "auto",
    seed: int = 0,
    device: str = "auto",
    jobs: int | None = None,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> VisionComparison:
    """Compare models that find objects in pictures, under one equal budget of computation.

    Use it to learn which model suits these pictures, and by how much. It fails where held-out
    pictures resemble training pictures more than later ones will, as frames of one film do.

    Parameters
    ----------
    data : str, Path or Dataset
        A name such as "scenes", a folder, or the data themselves.
    task : {"detection", "segmentation", "instances"}, optional
        What is to be found; default: boxes, a class for each pixel or objects with their pixels, as
        the target has it.
    models : sequence of str, or dict of dict, optional
        Names of models, or names with hyperparameters; the controls are always among them.
        Default: all that suit the data.
    budget : str or float, default="auto"
        Training of each network: operations ("2e13"), "30 epochs", "500 steps" or seconds ("60s",
        not reproducible); "auto" takes the most operations that one of them would take by itself.
    seed : int, default=0
        Of the split, the training and the intervals.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are trained.
    jobs : int, optional
        Members at a time; default: as many as there are cores, and always one on a GPU.
    out : path, optional
        Folder of the run; default: a new folder under ``runs``.
    on_event : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Options of :func:`further.data.load`.

    Returns
    -------
    VisionComparison
        With the path of the run, the evaluation and the recommendation.

    Raises
    ------
    InputError
        If the pictures lack such a target, or a model, the budget or the device cannot be used.

    Examples
    --------
    >>> import further
    >>> found = further.compare.vision_models("scenes", models=["yolo"])  # doctest: +SKIP
    >>> found.recommendation  # doctest: +SKIP
    """
    dataset = read_input(data, **loading)
    if task is None:
        task = task_of_target(dataset.kind, None if dataset.target is None else dataset.target.kind)
    amount = Budget.parse(budget)
    find_device(device)
    setting = checked(Setting(dataset, task, seed, device))
    asked = None if models is None else {find_model(name, task).name for name in models}
    left_out = {
        line.name: why
        for line in models_for(task)
        if (line.compared if asked is None else line.name in asked)
        and (why := unsuitable(line, dataset))
    }
    if models is None:
        models = [line.name for line in models_for(task) if line.compared]
    given = models if isinstance(models, Mapping) else {name: {} for name in models}
    chosen = choose_models(
        task, {n: own for n, own in given.items() if find_model(n, task).name not in left_out}
    )
    if not any(find_model(model["name"]).role == "model" for model in chosen):
        raise InputError(" ".join(left_out.values()) or f"No model of the task {task} is named.")
    run = Run.create(
        out or default_folder("compare", dataset.name),
        command=command or "further.compare.vision_models",
        **describe_setting(setting),
        repeats=1,
        models=chosen,
        budget=str(budget) if amount.unit != "flop" or budget == "auto" else f"{amount.amount:g}",
    )
    run.update(left_out=left_out)
    if dataset.source == "array":
        dataset.save(run.path / "data")
    comparison = VisionComparisonRun(run, on_event)
    comparison.setting = replace(setting, budget=run.record["budget"])
    return comparison.resume(jobs)


def member_worker(path: Path) -> Work:
    """Return what trains and judges the members of a comparison in a worker process."""
    setting = read_setting(Run(path))
    return work_on(lambda member: _candidate(setting, member))


def _candidate(setting: Setting, member: Mapping[str, Any]) -> Candidate:
    # Float32 on one thread, so that a noisy measurement cannot change the result.
    return Candidate.make(
        setting, member["model"], member["parameters"], member.get("repeat", 0), precision="float32"
    )


class VisionComparisonRun(VisionRun):
    """The run of a comparison."""

    def resume(self, jobs: int | None = None) -> VisionComparison:
        """Train and judge the members that have not finished, and compare all."""
        run = self.run
        with run.working():
            run.update(status="running")
            for why in run.record["left_out"].values():
                self.emit({"event": "note", "text": f"Left out: {why}"})
            costs = self._measure_costs()
            amount = Budget.parse(self.setting.budget)
            at_a_time = jobs if find_device(self.setting.device) == "cpu" else 1
            train_members(
                run, self.setting.dataset.name,
                lambda member: costs[member["model"]].total(
                    None if "budget" in member["parameters"] else amount
                ),
                at_a_time, self.emit,
            )  # fmt: skip
            self.emit({"event": "judging"})
            self._put_together()
            run.update(status="finished")
        return VisionComparison.of(run)

    def _measure_costs(self) -> dict[str, MemberCost]:
        """Return what each member that has not finished takes; the first time, fix the budget."""
        costs = {
            member.line.name: _candidate(self.setting, member.to_json()).measure_cost()
            for member in members_of(self.run)
            if not (member.folder / "evaluation.json").is_file()
        }
        if self.run.record["budget"] == "auto" and "equal_budget" not in self.run.record:
            own = [cost.time.flops for cost in costs.values() if cost.time is not None]
            if own:
                self.run.update(equal_budget=f"{max(own):.4g}")
        self.setting = replace(
            self.setting, budget=self.run.record.get("equal_budget", self.run.record["budget"])
        )
        return costs

    def judge(self, device: str) -> VisionComparison:
        """Judge the trained members again, as after an update of further."""
        run = self.run
        run.refuse_unfinished()
        self.setting = replace(self.setting, device=device)
        with run.working():
            judge_members(
                run,
                lambda member: _candidate(self.setting, member.to_json()).judge(member.folder),
                self.emit,
            )
            self._put_together()
        return VisionComparison.of(run)

    def _put_together(self) -> None:
        """Write what the members left, with differences and the answer."""
        run = self.run
        models, scores = records_of(
            run,
            VisionMember,
            lambda line: VisionRecord(line.name, line.label, line.family, line.role),
        )
        advice = advise(self.setting.task, [m for m in models if m.name in scores], scores)
        amount = Budget.parse(run.record.get("equal_budget", run.record["budget"]))
        flops = amount.amount if amount.unit == "flop" else None
        budget = BudgetRecord(str(amount), flops, amount.reproducible)
        spent = run.record.get("seconds", 0.0)
        self._write(models, spent, recommendation=advice, budget=budget)
