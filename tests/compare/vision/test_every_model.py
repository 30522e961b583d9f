"""Every model of the tasks on pictures: trained into a run, judged beside its control, used."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import numpy as np
import pytest

import further
from further.compare.task import predict, train_model
from further.compare.vision.held_out import read_held_out, read_predictions
from further.compare.vision.setting import seen_by
from further.evaluate.vision.judged import judge
from further.registry import models_for
from squares import TINY, squares

DATA = squares()
#: What makes each of them small.
SMALL: dict[str, dict[str, Any]] = {
    "yolo": {key: TINY[key] for key in ("channels", "size")},
    "unet": {"width": 4, "depth": 2},
    "unet_watershed": {"width": 4, "depth": 2},
}
ALL = [
    (task, line.name) for task in ("detection", "segmentation", "instances")
    for line in models_for(task)
]  # fmt: skip


@pytest.mark.parametrize(("task", "name"), ALL)
def test_a_model_leaves_what_others_need(task, name, tmp_path) -> None:
    (line,) = [line for line in models_for(task) if line.name == name]
    package = getattr(line.load(), "needs_package", "")
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    parameters = dict(SMALL.get(name, {}))
    if line.family == "network":
        parameters |= {"budget": "2 steps", "precision": "float32"}
    run = tmp_path / "run"
    found = train_model(name, DATA, parameters=parameters, out=run).evaluation
    assert (found["task"], len(found["models"])) == (task, 1)
    controls = [one.name for one in models_for(task) if one.role == "control" and one.name != name]
    assert [one["name"] for one in found["controls"]] == controls
    figures = found["models"][0]["metrics"]
    # What is kept of the held-out pictures gives the same figures again.
    held = read_held_out(run)
    again = judge(held.truth, read_predictions(run, held)).scores()
    assert held.rows.tolist() == list(range(16, 24))
    for metric in ("ap", "ap50", "mean_iou", "dice"):
        if metric in figures:
            expected = figures[metric]["value"]
            assert (again[metric] and again[metric].value) == pytest.approx(expected, abs=1e-6)
    truth = seen_by(task, DATA)
    assert tuple(found["data"]["classes"]) == truth.names
    written = predict(run, DATA.take(np.arange(16, 19)))
    written.write(tmp_path / "drawn", "drawn")
    assert written.facts()["pictures"] == 3
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 3
    assert further.load(run).finds == truth.kind
    assert (run / "report.html").exists() is False
    further.report.render(run)
    json.loads((run / "run.json").read_text())
