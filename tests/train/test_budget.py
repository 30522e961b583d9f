"""Budgets: what is read, what is refused, and how many steps they buy."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from further.data.spec import Spec
from further.errors import InputError
from further.train.budget import FLOP_AT_64_VALUES, Budget

AMOUNTS = st.floats(1e-3, 1e18, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("2e12", 2e12, "flop"),
        (2e12, 2e12, "flop"),
        (1000, 1000.0, "flop"),
        ("2Tflop", 2e12, "flop"),
        ("1.5 Gflops", 1.5e9, "flop"),
        ("30 epochs", 30.0, "epochs"),
        ("1 epoch", 1.0, "epochs"),
        ("500 steps", 500.0, "steps"),
        ("500steps", 500.0, "steps"),
        ("60s", 60.0, "seconds"),
        ("60 seconds", 60.0, "seconds"),
        ("5min", 300.0, "seconds"),
        ("5 m", 300.0, "seconds"),
        ("0.5 minutes", 30.0, "seconds"),
        (" 1E3 Steps ", 1000.0, "steps"),
    ],
)
def test_what_the_help_offers_is_read(text, amount, unit):
    assert Budget.parse(text) == Budget(amount, unit)


@given(AMOUNTS, st.sampled_from(["flop", "steps", "epochs", "s"]))
def test_an_amount_with_a_unit_is_read_back(amount, unit):
    budget = Budget.parse(f"{amount!r} {unit}")
    assert budget.amount == pytest.approx(amount)
    assert budget.unit == {"s": "seconds"}.get(unit, unit)


@given(AMOUNTS)
def test_a_bare_number_counts_operations(amount):
    assert Budget.parse(amount) == Budget(amount, "flop")


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    message = ""
    try:
        budget = Budget.parse(text)
    except InputError as error:
        message = str(error)
    else:
        assert budget.amount > 0
        assert math.isfinite(budget.amount)
    assert message == "" or ("budget=" in message and "\n" not in message.replace(text, ""))


@pytest.mark.parametrize("text", ["0", "0 steps", "-5 epochs", "1e999", "", "soon", "3 parsecs"])
def test_what_is_no_amount_of_training_is_refused(text):
    with pytest.raises(InputError, match="budget="):
        Budget.parse(text)


def test_auto_grows_with_the_size_of_a_row_up_to_a_cap():
    assert Budget.parse("auto").amount == FLOP_AT_64_VALUES
    assert Budget.parse("auto", Spec((1, 8, 8))).amount == FLOP_AT_64_VALUES
    # In minutes on one thread, at some 30 GFLOP/s, whatever the pictures are.
    sizes = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 64, 64), (3, 64, 64)]
    amounts = [Budget.parse("auto", Spec(shape)).amount for shape in sizes]
    assert amounts == sorted(amounts)
    assert amounts[1] == pytest.approx(3.4e12, rel=0.02)
    assert amounts[-1] < 4 * FLOP_AT_64_VALUES


@pytest.mark.parametrize(
    ("text", "steps"),
    [("1000", 10), ("1099", 10), ("7 steps", 7), ("2 epochs", 16), ("1", 1), ("5 s", None)],
)
def test_steps_that_a_budget_buys(text, steps):
    assert Budget.parse(text).steps(flops_per_step=100, steps_per_epoch=8) == steps


@given(st.integers(1, 10_000), st.integers(1, 5_000))
@example(7002, 3861)
def test_whole_epochs_lose_no_step_to_rounding(epochs, per_epoch):
    steps = Budget(epochs, "epochs").steps(flops_per_step=1.0, steps_per_epoch=per_epoch)
    assert steps == epochs * per_epoch


def test_only_seconds_are_not_reproducible():
    assert not Budget.parse("60s").reproducible
    assert all(Budget.parse(text).reproducible for text in ("1e9", "5 steps", "5 epochs"))
