"""``further cluster DATA``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    command_line,
    json_option,
    loading,
    out_option,
    quiet_option,
    reading_options,
    seed_option,
    target_option,
    training_examples_option,
    with_options,
)

SCALES = ("auto", "standard", "robust", "none")


@click.command("cluster", cls=Command)
@click.argument("data")
@click.option(
    "--k", type=click.IntRange(min=1), metavar="N",
    help="Number of clusters; default: chosen by the data, which may also say that there are none.",
)  # fmt: skip
@click.option(
    "--k-max", type=click.IntRange(min=2), default=10, show_default=True, metavar="N",
    help="The most clusters that are tried.",
)  # fmt: skip
@click.option(
    "--method", metavar="NAME",
    help='What clusters the rows; "further models" lists the names. Default: kmeans for numbers, '
    "kprototypes for numbers and categories, kmodes for categories.",
)  # fmt: skip
@click.option(
    "--distance", metavar="NAME",
    help="What near means: euclidean, manhattan, cosine, great_circle, jaccard, gower, ...",
)  # fmt: skip
@click.option(
    "--columns", metavar="NAMES",
    help="Columns to cluster by, with commas between them; default: all that can be used.",
)  # fmt: skip
@click.option(
    "--scale", type=click.Choice(SCALES), default="auto", show_default=True,
    help="How columns of numbers are made comparable.",
)  # fmt: skip
@with_options(
    seed_option, target_option, reading_options, out_option, json_option, quiet_option,
    training_examples_option,
)  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    data: str,
    k: int | None,
    k_max: int,
    method: str | None,
    distance: str | None,
    columns: str | None,
    scale: str,
    seed: int,
    out: Path | None,
    as_json: bool,
    quiet: bool,
    training_examples: bool,
    **source: Any,
) -> None:
    """Find clusters in the rows of DATA and say how far they can be trusted.

    DATA is a CSV or Parquet file, or a name such as iris. Decides and says what each column is,
    chooses the number of clusters or finds that there are none, compares other methods, and writes
    assignments.csv and a report.
    """
    from further.cli.listener import Steps
    from further.cli.result import resumable, write_clustering
    from further.compare.clustering.clustering import cluster_table
    from further.compare.source import default_folder

    named = [name.strip() for name in columns.split(",") if name.strip()] if columns else None
    run = out if out is not None else default_folder("cluster", data)
    with resumable(run), Steps(silent=quiet or as_json) as listener:
        clustering = cluster_table(
            data, k=k, method=method, distance=distance, columns=named, scale=scale, k_max=k_max,
            seed=seed, out=run, listen=listener, command=command_line(ctx), **loading(source),
        )  # fmt: skip
    write_clustering(
        clustering.path, clustering.evaluation,
        as_json=as_json, quiet=quiet, training_examples=training_examples,
    )  # fmt: skip
