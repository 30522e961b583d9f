"""Settings of the training: schedules, overrides, limits, optimizers."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from further.errors import InputError
from further.train.training import OPTIMIZERS, SCHEDULES, Training


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        ("cosine", 0.0, 0.0),
        ("cosine", 0.1, 0.5),
        ("cosine", 0.2, 1.0),
        ("cosine", 0.6, 0.5),
        ("cosine", 1.0, 0.0),
        ("linear", 0.2, 1.0),
        ("linear", 0.4, 0.75),
        ("linear", 1.0, 0.0),
        ("constant", 0.1, 0.5),
        ("constant", 0.9, 1.0),
    ],
)
def test_schedule_by_hand(schedule, progress, factor):
    training = Training(schedule=schedule, warmup=0.2)
    assert training.learning_rate_factor(progress) == pytest.approx(factor, abs=1e-12)


@given(st.sampled_from(sorted(SCHEDULES)), st.floats(0, 0.99), st.floats(0, 1))
def test_the_factor_stays_between_0_and_1(schedule, warmup, progress):
    factor = Training(schedule=schedule, warmup=warmup).learning_rate_factor(progress)
    assert -1e-12 <= factor <= 1 + 1e-12


def test_without_warmup_the_first_step_is_whole():
    assert Training(warmup=0.0).learning_rate_factor(0.0) == 1.0


def test_overrides_keep_the_rest():
    defaults = Training(learning_rate=5e-4, averaging=0.9)
    assert defaults.override(None) is defaults
    changed = defaults.override({"learning_rate": 1e-4, "betas": [0.5, 0.9]})
    assert changed == Training(learning_rate=1e-4, averaging=0.9, betas=(0.5, 0.9))
    own = Training(batch_size=7)
    assert defaults.override(own) is own


def test_an_unknown_setting_gets_the_nearest_name():
    with pytest.raises(InputError, match='no setting "batchsize"; did you mean "batch_size"'):
        Training().override({"batchsize": 3})
    with pytest.raises(InputError, match="known: optimizer, learning_rate"):
        Training().override({"zzz": 3})


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        ("optimizer", "lion", "one of adamw, adam, adadelta, sgd"),
        ("learning_rate", 0.0, "above 0"),
        ("weight_decay", -1.0, "at least 0"),
        ("betas", (0.9,), r"two in \[0, 1\)"),
        ("batch_size", 0, "a whole number of at least 1"),
        ("batch_size", 2.5, "a whole number of at least 1"),
        ("schedule", "step", "one of cosine, linear, constant, coslog4"),
        ("warmup", 1.0, r"in \[0, 1\)"),
        ("averaging", 1.0, r"in \[0, 1\)"),
        ("clip", 0.0, "above 0, or None"),
        ("keep", "first", '"best" or "last"'),
        ("patience", 0, "a whole number of at least 1, or None"),
    ],
)
def test_limits(setting, value, rule):
    with pytest.raises(
        InputError, match=rf"training: {setting}={re.escape(repr(value))} must be {rule}\."
    ):
        Training(**{setting: value})


@pytest.mark.parametrize("value", ["fast", None, [1]])
def test_what_is_no_number_is_refused_too(value):
    with pytest.raises(InputError, match="training: learning_rate="):
        Training(learning_rate=value)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_goes_downhill(name):
    parameter = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    rate = {"adadelta": 50.0, "sgd": 0.02}.get(name, 0.1)
    optimizer = Training(optimizer=name, learning_rate=rate).make_optimizer([parameter])
    assert optimizer.param_groups[0]["lr"] == rate
    for _ in range(200):
        optimizer.zero_grad()
        parameter.square().sum().backward()
        optimizer.step()
    assert parameter.detach().norm() < 0.5


def test_an_objective_may_have_its_own_rate():
    parameter = torch.nn.Parameter(torch.zeros(1))
    assert Training().make_optimizer([parameter], 0.3).param_groups[0]["lr"] == 0.3
