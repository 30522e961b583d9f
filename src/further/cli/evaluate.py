"""``further evaluate RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import Command, device_option, showing_options, with_options


@click.command("evaluate", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(device_option, showing_options)
def command(run: Path, device: str, **_: bool) -> None:
    """Evaluate the trained model of RUN on held-out data, as a comparison would.

    Rewrites evaluation.json and the report; for a comparison, those of all its models.
    """
    from further.cli.result import show_result
    from further.compare import task

    show_result(lambda listener: task.judge(run, device=device, on_event=listener))
