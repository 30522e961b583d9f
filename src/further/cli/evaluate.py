"""``further evaluate RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import (
    Command,
    device_option,
    json_option,
    quiet_option,
    training_examples_option,
    with_options,
)


@click.command("evaluate", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(device_option, json_option, quiet_option, training_examples_option)
def command(run: Path, device: str, as_json: bool, quiet: bool, training_examples: bool) -> None:
    """Evaluate the trained model of RUN on held-out data, as a comparison would.

    Rewrites evaluation.json and the report; for a comparison, those of all its models.
    """
    from further.cli.listener import Listener
    from further.cli.result import write_result
    from further.compare import task

    with Listener(silent=quiet or as_json) as listener:
        result = task.judge(run, device=device, on_event=listener)
    write_result(result, as_json=as_json, quiet=quiet, training_examples=training_examples)
