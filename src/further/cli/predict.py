"""``further predict RUN NEW.csv`` and ``further predict RUN PICTURES``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    device_option,
    given_options,
    json_option,
    loading,
    quiet_option,
    reading_options,
    with_options,
)
from further.cli.result import write_json
from further.errors import InputError, unknown


@click.command("predict", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PATH",
    help="The CSV file or the folder to write; default: predictions-NAME in RUN. Nothing is "
    "overwritten.",
)  # fmt: skip
@click.option(
    "--format",
    metavar="FORMAT",
    help="Of pictures: drawn (PNG with what was found, the default), coco, yolo or masks.",
)
@click.option("--model", metavar="NAME", help="Of a comparison; default: the one that it chose.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), metavar="SCORE",
    help="Of pictures: the least score of an object; default: the one that the model chose.",
)  # fmt: skip
@with_options(device_option, reading_options, json_option, quiet_option)
def command(
    run: Path, data: tuple[str, ...], out: Path | None, as_json: bool, quiet: bool, **source: Any
) -> None:
    """Say of each row of DATA what RUN says: its cluster, class or number, or what a picture shows.

    DATA needs the columns that RUN was made from. Writes the rows with their cluster (-1: none),
    distance and anomaly score; or with their class and the probability of each; or with their
    number and the ends of an interval that holds 90 % of such rows. Of a folder of pictures,
    picture files or a film it writes a folder with what was found in them.
    """
    from further.cli.listener import Listener
    from further.compare.source import free_path
    from further.compare.task import predict

    context = click.get_current_context()
    own = [p for p in context.command.params if isinstance(p, click.Option)]
    given = given_options([p for p in own if p.name in ("model", "threshold", "device")])
    if out is not None and out.exists():
        raise InputError(f'"{out}" exists and is not overwritten; name another file.')
    with Listener(silent=quiet or as_json) as listener:
        source_data = data[0] if len(data) == 1 else list(data)
        found = predict(run, source_data, **loading(source), **given)
        chosen = source["format"] or found.formats[0]
        if chosen not in found.formats:
            raise InputError(unknown("format", chosen, list(found.formats)))
        target = out or free_path(run / found.place(data[0]))
        found.write(target, chosen, listener)
    if as_json:
        facts = {"run": str(run), "file": str(target), **found.facts()}
        write_json({**facts, "notes": list(found.notes)})
    elif not quiet:
        click.echo(found.sentence)
        click.echo(f"Written: {target}")
        for note in found.notes:
            click.echo(f"note: {note}")
