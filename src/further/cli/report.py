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
from further.errors import InputError


@click.command("report", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="The HTML file to write; default: report.html in RUN, which is replaced.",
)  # fmt: skip
@with_options(training_examples_option, json_option, quiet_option)
def command(
    run: Path, out: Path | None, training_examples: bool, as_json: bool, quiet: bool
) -> None:
    """Write the report of RUN, one HTML file that can be sent by e-mail."""
    from further.report import render

    if out is not None and out.exists():
        raise InputError(f'"{out}" exists and is not overwritten; name another file.')
    path = render(run, training_examples=training_examples, out=out)
    if as_json:
        write_json({"run": str(run), "report": str(path)})
    elif not quiet:
        click.echo(f"Report: {path}")
