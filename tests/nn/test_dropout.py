from __future__ import annotations

import numpy as np
import pytest
import torch

from further import MLPClassifier
from further.nn.dropout import Dropout, drawing_from, dropouts
from further.train.callbacks.callback import Callback


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.15, 0.5, 0.99])
def test_share_and_mean(share):
    x = torch.ones(1000, 1001, requires_grad=True)
    y = Dropout(share)(x)
    n = x.numel()
    deviation = max(share * (1 - share), 1 / 65536) ** 0.5
    assert abs(float((y == 0).sum()) / n - share) < 5 * deviation / n**0.5 + 1 / 65536
    assert abs(float(y.mean()) - 1) < 0.02
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient, y)


def test_nothing_is_left_out_when_it_is_evaluated():
    x = torch.randn(7, 3)
    assert Dropout(0.5).eval()(x) is x


def test_units_are_left_out_independently():
    kept = (Dropout(0.3)(torch.ones(20_000, 8)) > 0).float()
    assert torch.corrcoef(kept.T).fill_diagonal_(0).abs().max() < 0.05


def test_draws_from_the_generator_of_the_block():
    net = torch.nn.Sequential(Dropout(0.5), Dropout(0.5))
    x = torch.ones(4, 64)
    drawn = []
    for _ in range(2):
        with drawing_from(torch.Generator().manual_seed(3), dropouts(net)):
            drawn.append(net(x))
    assert torch.equal(*drawn)
    assert net[0].generator is None
    assert not torch.equal(net(x), drawn[0])


class Draw(Callback):
    """Move the generator that the whole process shares."""

    def on_step(self, loop):
        torch.rand(1)


def test_a_training_does_not_depend_on_what_the_process_drew():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X[:, 0] > 0
    fits = [
        MLPClassifier(hidden=(8, 8), dropout=0.5, budget="6 epochs", precision="float32",
                      random_state=0).fit(X, y, callbacks=callbacks)
        for callbacks in ((), (Draw(),))
    ]  # fmt: skip
    np.testing.assert_array_equal(fits[0].predict_proba(X), fits[1].predict_proba(X))
