"""What a network estimator of any task gets from the base, tried on a small classifier."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import r2_score, roc_auc_score
from torch import nn

import further.registry
from further.data.dataset import as_dataset
from further.data.target import Boxes, Mask
from further.errors import InputError
from further.generate.autoencoder import Autoencoder
from further.generate.vae import VAE
from further.registry import ModelEntry
from further.train.execution import Execution, find_device
from further.train.load import load
from further.train.network import NetworkEstimator
from further.train.objective import Objective
from further.train.training import Training
from further.train.validation import PredictionMetric


class Logistic(NetworkEstimator):
    """A logistic regression whose weights are chosen by the AUC of all validation rows."""

    training_defaults: ClassVar[Training] = Training(learning_rate=0.05, batch_size=32)

    def __init__(
        self, *, budget="20 epochs", precision="float32", device="auto", training=None,
        random_state=None,
    ):  # fmt: skip
        self.budget, self.precision, self.device = budget, precision, device
        self.training, self.random_state = training, random_state

    def build(self, spec):
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(spec.size, 1))

    def objectives(self, net):
        def loss(batch, generator):
            logits = net(batch.x)[:, 0]
            return {"loss": F.binary_cross_entropy_with_logits(logits, batch["y"].float())}

        return [Objective(loss, list(net.parameters()))]

    def validation(self):
        def auc(scores, y):
            self._seen = {*getattr(self, "_seen", ()), len(y)}
            return {"auc": roc_auc_score(y, scores)}

        return PredictionMetric(lambda net, batch: net(batch.x)[:, 0], auc)

    def decision_function(self, X):
        x = self.encoding_.encode(self._dataset(X, None, reset=False))
        return self._apply(lambda batch: self.net_(batch.x)[:, 0], {"x": x})


@pytest.fixture(scope="module")
def tumours():
    return load_breast_cancer(return_X_y=True)


def test_weights_are_chosen_by_a_metric_of_all_rows(tumours):
    X, y = tumours
    split = as_dataset(X, y).split(seed=0)
    model = Logistic(random_state=0).fit(
        X[split.train], y[split.train], validation=(X[split.validation], y[split.validation])
    )
    # All validation rows, and the part of the training rows.
    assert model._seen == {len(split.validation), 128}
    curve = model.history_["val_auc"]
    best = int(model.history_["step"][curve.idxmax()])
    assert model.best_step_ == best
    # The figure is the AUC of the kept weights on all validation rows, as scikit-learn computes it.
    scores = model.decision_function(X[split.validation])
    assert roc_auc_score(y[split.validation], scores) == pytest.approx(curve.max())
    assert roc_auc_score(y[split.test], model.decision_function(X[split.test])) > 0.95


def test_a_metric_that_falls_is_better_where_it_says_so(tumours):
    class Upside(Logistic):
        def validation(self):
            chosen = super().validation()
            return PredictionMetric(chosen.predict, chosen.metric, lower_is_better=True)

    X, y = tumours
    model = Upside(random_state=0, budget="5 epochs").fit(X, y)
    curve = model.history_["val_auc"]
    assert model.best_step_ == int(model.history_["step"][curve.idxmin()])


def test_the_history_has_the_same_weights_on_training_rows_in_the_same_mode(tumours):
    """Dropout and averaging raise the running loss; they do not open a gap to validation rows."""
    X, y = tumours

    class Losses(Logistic):
        def validation(self):
            return NetworkEstimator.validation(self)

    model = Losses(random_state=0, budget="40 epochs", training={"keep": "last"}).fit(X, y)
    last = model.history_.iloc[-1]
    held_in = as_dataset(X, y).split(seed=0, fractions=(0.9, 0.1, 0.0)).train
    scores = torch.from_numpy(model.decision_function(X[held_in])).double()
    loss = F.binary_cross_entropy_with_logits(scores, torch.from_numpy(y[held_in]).double())
    # On a part of 128 of the 512 training rows; the running loss is that under dropout.
    assert last["fit_loss"] == pytest.approx(float(loss), rel=0.35)
    assert last["train_loss"] > 1.3 * last["fit_loss"]


class Linear(Logistic):
    """A linear regression of numbers."""

    validation = NetworkEstimator.validation

    def build(self, spec):
        return nn.Linear(spec.size, *spec.target.shape)

    def objectives(self, net):
        def loss(batch, generator):
            return {"loss": F.mse_loss(net(batch.x), batch["y"])}

        return [Objective(loss, list(net.parameters()))]


def test_numbers_reach_the_loss_in_their_units():
    x = np.random.default_rng(0).normal(size=(400, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": 3 * x[:, 0] - 2 * x[:, 1] + 5})
    split = (data := as_dataset(frame).with_numbers("c")).split(seed=0)
    training = {"averaging": 0.9, "clip": None}
    model = Linear(random_state=0, budget="60 epochs", training=training).fit(
        data.take(split.train), validation=data.take(split.validation)
    )
    test = model._batch(rows := data.take(split.test))
    np.testing.assert_array_equal(test["y"], rows.target.values.astype(np.float32))
    with torch.no_grad():
        assert r2_score(test["y"], model.net_(test.x)) > 0.97
    with pytest.raises(InputError, match="validation rows have no labels"):
        model.fit(data, validation=frame[["a", "b"]])


def test_boxes_and_masks_stand_in_the_batch_under_their_own_names():
    pictures = as_dataset(np.random.default_rng(0).integers(0, 9, (60, 4, 4)).astype(np.uint8))
    corners = np.tile(np.float32([0, 0, 2, 2]), (60, 1))
    codes, names = np.zeros(60, dtype=np.int64), ("cell",)
    targets = {
        "boxes": Boxes("b", np.ones(60, dtype=np.int64), codes, names, corners),
        "mask": Mask("m", np.zeros((60, 4, 4), dtype=np.uint8), names),
    }
    for name, target in targets.items():
        seen = {}

        class Sees(Logistic):
            validation = NetworkEstimator.validation

            def objectives(self, net, seen=seen):
                def loss(batch, generator):
                    seen.update({name: tuple(value.shape[1:]) for name, value in batch.items()})
                    return {"loss": net(batch.x).square().mean()}

                return [Objective(loss, list(net.parameters()))]

        Sees(budget="1 step").fit(dataclasses.replace(pictures, target=target))
        encoded = {name: value.shape[1:] for name, value in target.encode().items()}
        assert seen == {"x": (1, 4, 4), **encoded}, name


def test_a_generative_model_is_not_drawn_given_numbers():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    data = as_dataset(frame).with_numbers("c")
    model = VAE(latent_dim=2, width=8, budget="2 steps", precision="float32").fit(data)
    assert model.sample(3).shape == (3, 2)
    assert set(model._batch(data)) == {"x"}


def test_a_run_that_was_made_elsewhere_loads_on_the_processor(tumours, tmp_path, monkeypatch):
    line = ModelEntry("logistic", __name__, "Logistic", "generation", "network", "model", "L")
    monkeypatch.setattr(further.registry, "MODELS", (*further.registry.MODELS, line))
    X, y = tumours
    model = Logistic(random_state=0, budget="1 epoch").fit(X, y)
    model.execution_ = Execution(device="cuda", precision="bf16-mixed", channels_last=True)
    model.save(tmp_path)
    loaded = load(tmp_path)
    assert loaded.execution_.device == "cpu"
    assert next(loaded.net_.parameters()).device.type == "cpu"
    model.execution_ = loaded.execution_
    np.testing.assert_array_equal(loaded.decision_function(X[:9]), model.decision_function(X[:9]))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device")
def test_a_device_that_is_not_there_is_refused_before_the_training(tumours):
    said = r'device="cuda" is not available on this machine; take "cpu" or "auto"\.'
    with pytest.raises(InputError, match=said):
        find_device("cuda")
    with pytest.raises(InputError, match=said):
        Logistic(device="cuda").fit(*tumours)
    assert find_device("auto") in ("cpu", "mps")
    with pytest.raises(InputError, match='device="tpu" must be one of auto, cpu, cuda, mps'):
        find_device("tpu")
    with pytest.raises(InputError, match=said):
        Logistic(budget="1 epoch").fit(*tumours).to("cuda")


def test_a_table_of_text_after_one_of_numbers_leaves_no_names_behind():
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    mixed = numbers.assign(b=["x", "y", "z"] * 20).rename(columns={"a": "c"})
    y = np.arange(60) % 2
    model: Any = Logistic(budget="1 step").fit(numbers, y)
    assert list(model.feature_names_in_) == ["a", "b"]
    model.fit(mixed, y)
    assert list(model.feature_names_in_) == ["c", "b"]
    with pytest.raises(ValueError, match="feature names"):
        model.decision_function(mixed.rename(columns={"c": "d"}))
    pictures = np.random.default_rng(0).integers(0, 9, size=(60, 4, 4)).astype(np.uint8)
    model.fit(pictures, y)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("text", [False, True])
def test_a_data_set_names_its_columns_as_the_table_it_comes_from_does(text):
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    if text:
        table = table.assign(b=["x", "y", "z"] * 20)
    y = np.arange(60) % 2
    model: Any = Logistic(budget="1 step").fit(table.rename(columns={"a": "c"}), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(as_dataset(table, y), validation=(table, y))
        assert list(model.feature_names_in_) == ["a", "b"]
        model.decision_function(table)
        # Columns of an array are numbered, not named.
        model.fit(as_dataset(table[["a"]].to_numpy(), y))
        assert not hasattr(model, "feature_names_in_")


def test_operations_of_a_row_are_those_of_its_layers():
    X = np.random.default_rng(0).normal(size=(60, 7))
    model = Autoencoder(latent_dim=4, hidden=(32,), budget="1 steps", precision="float32").fit(X)
    # Two for a multiplication and an addition: 7 to 32 to 4, and back.
    assert model.operations_per_row(as_dataset(X)) == 2 * 2 * (7 * 32 + 32 * 4)
