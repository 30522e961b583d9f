"""What the task offers to ``further.compare.task``."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from centring.evaluate import absolute_error
from further.compare.members import choose_models, members_of, train_members
from further.compare.result import Result
from further.compare.source import default_folder, describe_data, nobody, read_data, read_input
from further.registry import find_model
from further.train.files import read_json, write_json
from further.train.load import load
from further.train.run import Run

TASK = "centring"


def compare(data, *, seed=0, models=None, jobs=None, out=None, listen=None, command=None, **more):
    dataset = read_input(data, **more)
    run = Run.create(
        out or default_folder("compare", dataset.name), command=command, task=TASK, repeats=1,
        data=describe_data(dataset), seed=seed, models=choose_models(TASK, models),
    )  # fmt: skip
    return resume(run.path, jobs=jobs, listen=listen)


def train(model, data, *, parameters=None, **options):
    return compare(data, models={model: parameters or {}}, **options)


def resume(path, *, jobs=None, listen=None):
    run = Run(path)
    with run.working():
        train_members(run, "toy", lambda member: (0.0, 0.0), jobs, listen or nobody)
        return _put_together(run)


def judge(path, *, device="auto", listen=None):
    run = Run(path)
    for member in members_of(run):
        _judge(_rows(run), load(member.folder), member.folder)
    return _put_together(run)


def member_worker(path):
    rows = _rows(Run(path))

    def work(member, report):
        folder, line = Path(member["folder"]), find_model(member["model"])
        model = line.load()(**member["parameters"]).fit(rows[::2])
        Run.create(folder, model=line.name, process=os.getpid())
        model.save(folder)
        report(event="trained")
        _judge(rows, model, folder)

    return work


def _rows(run):
    values = read_data(run.path, run.record).values
    return np.asarray(values.select_dtypes("number"), dtype=float)


def _judge(rows, model, folder):
    error = absolute_error(model, rows[1::2])
    write_json(folder / "evaluation.json", {"error": error.estimate.to_dict()})


def _put_together(run):
    models = [
        {"name": m.line.name, "role": m.line.role, **read_json(m.folder / "evaluation.json")}
        for m in members_of(run)
    ]
    write_json(run.path / "evaluation.json", {"task": TASK, "models": models})
    run.update(status="finished")
    return Result.of(run)
