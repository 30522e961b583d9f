"""What samples and weights give away of the training rows, by the commands that people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import further
from further.data import as_dataset
from further.evaluate.generation.membership import DRAWING_SHARE, SAMPLES_A_ROW
from further.report import render
from further.train.flops import count_flops

#: The shares of a split leave 150 rows to train on and 50 to test.
ROWS = 250


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return an autoencoder that has learnt 150 digits by heart."""
    images, labels = load_digits(return_X_y=True)
    data = as_dataset(images[:ROWS].reshape(-1, 8, 8).astype(np.uint8), labels[:ROWS])
    given = {
        "hidden": (128,), "latent_dim": 32, "budget": "500 steps", "random_state": 0,
        "precision": "float32", "training": {"keep": "last", "averaging": 0.9},
    }  # fmt: skip
    out = tmp_path_factory.mktemp("membership") / "run"
    return further.compare.train_model("autoencoder", data, parameters=given, out=out)


def test_weights_give_away_what_they_know_by_heart(trained: Any) -> None:
    model = trained.evaluation["models"][0]
    samples, weights = (model["metrics"][name] for name in ("membership", "membership_white_box"))
    assert weights["value"] > 0.5
    assert samples["real"] == weights["real"] == pytest.approx(0.1)
    assert samples["copy"] == weights["copy"] > 0.95
    assert "leaks_membership" in model["flags"]
    assert any("from its weights" in note for note in model["notes"])
    control = trained.evaluation["controls"][0]["metrics"]
    assert control["membership"]["value"] is not None


def test_samples_for_the_attack_stay_within_their_share(trained: Any) -> None:
    model = trained.evaluation["models"][0]
    drawn = model["metrics"]["membership"]["detail"]["samples"]
    estimator: Any = trained.load()
    condition = estimator.condition(8, None, 0)
    cost = count_flops(lambda: estimator.sample_encoded(8, condition, 0)) / 8
    judged = 150
    assert judged < drawn <= SAMPLES_A_ROW * 150
    assert (drawn - judged) * cost <= DRAWING_SHARE * model["training_flops"]


def test_a_page_to_be_shared_says_what_the_run_would_give_away(
    trained: Any, tmp_path: Path
) -> None:
    page = render(trained.path, training_examples=False, out=tmp_path / "page.html")
    text = page.read_text(encoding="utf-8")
    assert "Share the page, not the run" in text
    assert "with the trained weights, which lie in the run (" in text
