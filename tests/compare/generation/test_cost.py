"""What a comparison says of its time, and of how many test rows likelihoods are computed."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from further.compare import train_model
from further.compare.forecast import SECONDS_TO_START, SIDE_BY_SIDE, Cost, forecast
from further.compare.generation import cost as module
from further.compare.generation.cost import MemberCost, likelihood_rows, measure_cost
from further.compare.generation.setting import Setting
from further.generate.vae import VAE
from real_runs import few_digits
from small_models import SMALL


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 290.0), (2, 160.0), (3, 130.0), (8, 130.0)])
def test_members_are_given_to_the_process_that_is_free_first(jobs, seconds):
    """130, 80, 50 and 30 seconds: on two processes 130 + 30 beside 80 + 50."""
    costs = {"a": 50.0, "b": 130.0, "c": 30.0, "d": 80.0}
    tasks = [{"model": name} for name in costs]

    def cost(task):
        seconds = costs[task["model"]]
        return Cost(0.9 * seconds, 0.1 * seconds, 1.0)

    expected = forecast("data", tasks, jobs, cost, preparing=7.0)
    slower = SIDE_BY_SIDE if jobs > 1 else 1
    assert expected["seconds"] == pytest.approx(SECONDS_TO_START + 7.0 + slower * seconds)
    assert expected["by_model"] == pytest.approx(costs)


def test_a_budget_that_sees_the_rows_too_seldom_is_said_before_it_starts():
    epochs = {"a": 2.5, "b": 12.0, "c": None}

    def cost(task):
        return Cost(1.0, 0.0, 1.0, epochs[task["model"]])

    tasks = [{"model": name} for name in epochs]
    expected = forecast("data", tasks, 1, cost)
    assert "(a 2.5 times)" in expected["note"]
    assert "4 times the budget" in expected["note"]
    assert forecast("data", tasks[1:], 1, cost)["note"] is None


def test_it_stands_in_the_notes_of_the_result(tmp_path):
    """300 training rows; a budget of some steps, in operations."""
    events = []
    found = train_model(
        "vae", few_digits(), parameters={**SMALL["vae"], "budget": "1e7"}, out=tmp_path / "run",
        on_event=events.append,
    )  # fmt: skip
    told = next(event["note"] for event in events if event["event"] == "forecast")
    assert "less than 10 times" in told
    record = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    assert told in record["data"]["notes"]
    assert found is not None


def digits_setting(**options):
    digits = few_digits()
    return Setting(digits, digits.split(seed=0), 0, "300 steps", True, **options)


def test_the_costliest_likelihood_decides_for_all(monkeypatch):
    monkeypatch.setattr(module, "LEAST_LIKELIHOOD_ROWS", 10)
    setting = digits_setting()
    n = len(setting.split.test)
    rows = [math.inf, 1e6, 17.9, 3.0]
    costs = [MemberCost(1.0, 0.0, 0.0, affordable, 1.0) for affordable in rows]
    assert likelihood_rows(setting, costs[:1]) == n
    assert likelihood_rows(setting, costs[:2]) == n
    assert likelihood_rows(setting, costs[:3]) == 17
    assert likelihood_rows(setting, costs) == 10


def test_rows_that_are_affordable_follow_from_operations_alone():
    """Of the linear layers of a VAE: a step, and encoding once and decoding 64 times."""
    estimator = VAE(**{**SMALL["vae"], "budget": "300 steps"})
    found = [measure_cost(digits_setting(), estimator) for _ in range(2)]
    assert found[0].affordable == found[1].affordable > 0
    longer = measure_cost(digits_setting(), VAE(**{**SMALL["vae"], "budget": "600 steps"}))
    assert longer.affordable == pytest.approx(2 * found[0].affordable)
    assert not hasattr(estimator, "spec_")  # it is left as it was


def test_likelihoods_of_some_rows_are_named_everywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LEAST_LIKELIHOOD_ROWS", 10)
    parameters = {**SMALL["vae"], "budget": "1 steps", "precision": "float32"}
    train_model("vae", few_digits(), parameters=parameters, out=tmp_path / "run")
    evaluation = json.loads((tmp_path / "run" / "evaluation.json").read_text())
    test = few_digits().split(seed=0).test
    frame = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert len(frame) == 10 < len(test)
    assert set(frame["identifier"]) < set(test)
    bits = evaluation["models"][0]["metrics"]["bits_per_dimension"]
    assert bits["n"] == 10
    told = f"of 10 of {len(test)} test rows drawn at random, the same for all models"
    assert bits["detail"]["rows"] == evaluation["protocol"]["likelihoods"] == told
    assert bits["detail"]["likelihood"] == "discretized logistic distributions of single pixels"
    value = -frame["score"].mean() / (64 * np.log(2))
    assert bits["value"] == pytest.approx(value, rel=1e-5)
