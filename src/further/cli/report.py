"""``further report RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import (
    Command,
    json_option,
    quiet_option,
    training_examples_option,
    with_options,
)
from further.cli.result import write_json


@click.command("report", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(training_examples_option, json_option, quiet_option)
def command(run: Path, training_examples: bool, as_json: bool, quiet: bool) -> None:
    """Write the report of RUN, one HTML file that can be sent by e-mail."""
    from further.report import render

    path = render(run, training_examples=training_examples)
    if as_json:
        write_json({"run": str(run), "report": str(path)})
    elif not quiet:
        click.echo(f"Report: {path}")
