"""``further card RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json


@click.command("card", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(
    click.option("--model", metavar="NAME", help="Of a run that compares several."),
    click.option("--intended-use", metavar="TEXT", help="What the model is meant for."),
    click.option("--out-of-scope", metavar="TEXT", help="What it is not meant for."),
    click.option("--accountable", metavar="NAME", help="Who answers for the model."),
    click.option("--contact", metavar="TEXT", help="How to reach them."),
    json_option,
    quiet_option,
)
def command(run: Path, as_json: bool, quiet: bool, **said: Any) -> None:
    """Say on one page what the model of RUN must not be used for, and who is accountable.

    What was measured is read from the run: figures with intervals, an audit, the learning curves,
    energy, robustness, sensitivity and shift; what was not is listed. Writes card.html and card.md
    into RUN; what you say of the model is kept in its run.json.
    """
    from further.report.card.page import write_page
    from further.trust.card.model_card import card

    found = card(run, **said)
    text = found.keep()
    page = write_page(found)
    if as_json:
        write_json({**found.to_json(), "card": str(page), "markdown": str(text)})
    elif not quiet:
        click.echo(f"{found.title}:")
        for sentence in found.forbidden:
            click.echo(f"- {sentence}")
        click.echo(f"Not measured: {len(found.not_measured)} things; the card lists them.")
        click.echo(found.accountable)
        if not found.said.accountable:
            click.echo("Name somebody with --accountable NAME.")
        click.echo(f"Card: {page}\nText: {text}")
