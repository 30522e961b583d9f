"""``further compare DATA``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    budget_of_epochs,
    command_line,
    device_option,
    epochs_option,
    jobs_option,
    loading,
    loading_options,
    out_option,
    seed_option,
    showing_options,
    split_names,
    unconditional_option,
    with_options,
)
from further.registry import TASKS


@click.command("compare", cls=Command)
@click.argument("data")
@click.option(
    "--task", metavar="NAME",
    help="What the models are for: " + ", ".join(line.name for line in TASKS if line.compare) + ". "
    "Default: to predict the --target where one is named, to find the boxes or masks that pictures "
    "come with, or else generation.",
)  # fmt: skip
@click.option(
    "--models", metavar="NAMES",
    help="Names with commas between them; default: all. The controls always take part.",
)  # fmt: skip
@click.option(
    "--budget", default="auto", show_default=True,
    help='Training of each network: operations (2e12), "30 epochs", "500 steps", or seconds '
    "(60s, which is not reproducible).",
)  # fmt: skip
@epochs_option
@click.option(
    "--repeats", type=click.IntRange(min=1), default=1, show_default=True,
    help="Trainings of each model with different seeds: does the ranking survive that?",
)  # fmt: skip
@click.option(
    "--negligible", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
    help="A difference that does not matter, such as 0.01: a share of the way from noise to real, "
    "or of what a constant scores where a target is predicted. How probable is it that models "
    "differ by more?",
)  # fmt: skip
@with_options(
    seed_option, unconditional_option, loading_options, device_option, jobs_option, out_option,
    showing_options,
)  # fmt: skip
def command(
    data: str,
    task: str | None,
    models: str | None,
    budget: str,
    epochs: int | None,
    repeats: int,
    negligible: float | None,
    seed: int,
    unconditional: bool,
    device: str,
    jobs: int | None,
    out: Path | None,
    **others: Any,
) -> None:
    """Compare the models of a task on DATA, with controls.

    DATA is a name such as digits, a CSV or Parquet file, an IDX, NPZ or NPY file, or a folder of
    pictures. Without a --target it compares generative models under one equal budget, and says
    which to use for which goal. With one it compares models that predict it, from the most
    transparent to the most opaque, and says what transparency costs. Writes a report.
    """
    from further.cli.result import show_result
    from further.compare import task as tasks
    from further.compare.source import default_folder

    if epochs is not None:
        budget = budget_of_epochs(epochs)
    run = out or default_folder("compare", data)
    # A task need only know the options that are given.
    options = {
        "models": (split_names(models), None),
        "budget": (budget, "auto"),
        "repeats": (repeats, 1),
        "negligible": (negligible, None),
        "conditional": (not unconditional, True),
        "device": (device, "auto"),
        "jobs": (jobs, None),
    }
    given = {name: value for name, (value, usual) in options.items() if value != usual}
    show_result(
        lambda listener: tasks.compare_models(
            data, task=task, seed=seed, out=run, on_event=listener, command=command_line(),
            **given, **loading(others),
        ),
        run,
    )  # fmt: skip
