"""The loss of the best constant prediction, against a search for that prediction."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes

from further import MLPClassifier, MLPRegressor, doctor
from further.data.arrays import classes_of, numbers_of
from further.supervised.constant_loss import constant_losses
from further.supervised.loss import LOSSES
from further.supervised.match import match

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("loss", "kind"),
    [(loss.name, kind) for loss in LOSSES.values() for kind in loss.targets
     if (loss.name, kind) != ("mean_absolute_error", "classes")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::further.supervised.match.MatchWarning")
def test_no_constant_prediction_has_a_lower_loss(loss: str, kind: str) -> None:
    if kind == "classes":
        target = classes_of(RNG.choice(["a", "b"], size=200, p=[0.3, 0.7]), 200)
    else:
        target = numbers_of(RNG.beta(2, 5, size=200), 200)
    line, output_class = match(target, loss)
    output = output_class()
    if kind == "classes":
        t = torch.eye(2)[torch.from_numpy(target.codes)]
    else:
        output = output.fit(target.values)
        t = torch.from_numpy(output.encode(target.values))
    eta = torch.zeros(1, output.units(t.shape[1]), requires_grad=True)
    optimizer = torch.optim.Adam([eta], lr=0.01)
    for _ in range(800):
        optimizer.zero_grad()
        value = line.of(eta.expand(200, -1), t, output).mean()
        value.backward()
        optimizer.step()
    found = constant_losses(loss, output, target)["loss"]
    assert found == pytest.approx(float(value.detach()), abs=2e-3)
    assert found <= float(value.detach()) + 1e-5


def test_a_run_records_it_and_the_doctor_reads_it(tmp_path) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    MLPClassifier(budget="20 steps", random_state=0).fit(X, y, run=tmp_path / "c")
    recorded = json.loads((tmp_path / "c" / "run.json").read_text())["baseline"]
    p = y.mean()
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert recorded["loss"] == recorded["log_loss"] == pytest.approx(entropy, abs=1e-3)
    found = doctor(tmp_path / "c")
    assert recorded["refinement"] == recorded["log_loss"]
    assert found.columns["validation"] == "val_refinement"
    assert found.columns["learning_rate"] == "learning_rate"
    assert not any("--baseline" in text for text in (*found.cannot_tell, *found.notes))

    X, y = load_diabetes(return_X_y=True)
    MLPRegressor(budget="20 steps", random_state=0).fit(X, y, run=tmp_path / "r")
    recorded = json.loads((tmp_path / "r" / "run.json").read_text())["baseline"]
    assert recorded == {"loss": pytest.approx(1, abs=1e-3)}
    assert not any("--baseline" in text for text in doctor(tmp_path / "r").cannot_tell)
