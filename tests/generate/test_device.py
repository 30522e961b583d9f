"""Every model computes on the device of its network: tried on torch's "meta" device.

There a tensor has a shape and no values, so that mixing with a tensor of the processor, or asking
for a value, fails at once. What works there works on a GPU.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from further.data.dataset import as_dataset
from further.train.batch import Batch
from small_models import NETWORKS, make_small

N = 12


def rows(kind):
    rng = np.random.default_rng(0)
    if kind == "numbers":
        return as_dataset(rng.normal(size=(N, 4)))
    if kind == "table":
        frame = pd.DataFrame({"a": rng.normal(size=N), "b": list("xyz") * (N // 3)})
        return as_dataset(frame, np.arange(N) % 2)
    side, levels, labels = {
        "8x8": (8, 17, None),
        "8x8 with classes": (8, 17, np.arange(N) % 3),
        "28x28 with classes": (28, 256, np.arange(N) % 2),
        "23x17": ((23, 17), 256, None),
    }[kind]
    sides = side if isinstance(side, tuple) else (side, side)
    X = rng.integers(0, levels, size=(N, *sides)).astype(np.uint8)
    X[0, 0, :2] = 0, levels - 1
    return as_dataset(X, labels)


KINDS = ["numbers", "table", "8x8", "8x8 with classes", "28x28 with classes", "23x17"]


@pytest.fixture(params=KINDS)
def on_meta(request, monkeypatch):
    """Return a function that gives a model of a name, its network and a batch on the device."""
    dataset = rows(request.param)

    def prepare(name):
        model = make_small(name)
        model.fit(dataset)
        net = model.build(model.spec_).to("meta")
        return model, net, model._batch(dataset).to("meta")

    return prepare


@pytest.mark.parametrize("name", NETWORKS)
def test_losses_and_samples_meet_no_tensor_of_the_processor(name, on_meta):
    model, net, batch = on_meta(name)
    generator = torch.Generator()
    net.train()
    for objective in model.objectives(net):
        logged = objective.loss(batch, generator)
        gradients = torch.autograd.grad(
            next(iter(logged.values())), objective.parameters, allow_unused=True
        )
        assert all(value.device.type == "meta" for value in logged.values())
        assert all(g.device.type == "meta" for g in gradients if g is not None)
    net.eval()
    with torch.no_grad():
        validated = model.validation_loss(net, batch, generator)
        condition = Batch(**{name: value for name, value in batch.items() if name != "x"})
        drawn = model.generate(net, N, condition, generator)
    assert all(value.device.type == "meta" for value in validated.values())
    assert drawn.device.type == "meta"
    assert drawn.shape == batch.x.shape
