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
    """Assign each row of DATA to a cluster of RUN.

    DATA needs the columns that RUN clustered. Writes the rows with their cluster (-1: none),
    distance and anomaly score.
    """
    from further.compare.clustering.assignments import predict_clusters
    from further.compare.source import free_path
    from further.train.files import write_bytes

    target = out or free_path(run / f"predictions-{Path(data).stem}.csv")
    if target.exists():
        raise InputError(f'"{target}" exists and is not overwritten; name another file.')
    table = predict_clusters(run, data, **loading(source))
    write_bytes(target, table.to_csv(index=False).encode())
    name = "further_cluster" if "further_cluster" in table else "cluster"
    counts = table[name].value_counts().sort_index()
    sizes = dict(zip(counts.index.tolist(), counts.tolist(), strict=True))
    if as_json:
        notes = table.attrs["notes"]
        write_json(
            {"run": str(run), "file": str(target), "rows": len(table), "sizes": sizes,
             "notes": notes}
        )  # fmt: skip
    elif not quiet:
        found = ", ".join(f"{n:,} in {c}" if c >= 0 else f"{n:,} in none" for c, n in sizes.items())
        click.echo(f"{len(table):,} rows: {found}")
        click.echo(f"Written: {target}")
        for note in table.attrs["notes"]:
            click.echo(f"note: {note}")
