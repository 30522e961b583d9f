"""``further predict RUN NEW.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    json_option,
    loading,
    quiet_option,
    reading_options,
    with_options,
)
from further.cli.result import write_json
from further.errors import InputError


@click.command("predict", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="The CSV file to write; default: predictions-NAME.csv in RUN. Nothing is overwritten.",
)  # fmt: skip
@with_options(reading_options, json_option, quiet_option)
def command(
    run: Path, data: str, out: Path | None, as_json: bool, quiet: bool, **source: Any
) -> None:
    """Say of each row of DATA what RUN says: its cluster, its class or its number.

    DATA needs the columns that RUN was made from. Writes the rows with their cluster (-1: none),
    distance and anomaly score; or with their class and the probability of each; or with their
    number and the ends of an interval that holds 90 % of such rows.
    """
    from further.compare.source import free_path
    from further.compare.task import predict
    from further.train.files import write_bytes

    target = out or free_path(run / f"predictions-{Path(data).stem}.csv")
    if target.exists():
        raise InputError(f'"{target}" exists and is not overwritten; name another file.')
    found = predict(run, data, **loading(source))
    write_bytes(target, found.frame.to_csv(index=False).encode())
    if as_json:
        write_json(
            {"run": str(run), "file": str(target), "rows": len(found.frame), "sizes": found.counts,
             "notes": list(found.notes)}
        )  # fmt: skip
    elif not quiet:
        click.echo(f"{len(found.frame):,} rows: {found.told}")
        click.echo(f"Written: {target}")
        for note in found.notes:
            click.echo(f"note: {note}")
