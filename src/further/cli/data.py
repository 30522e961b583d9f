"""``further data DATA``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from further.cli.command import (
    Command,
    json_option,
    loading,
    loading_options,
    quiet_option,
    seed_option,
    with_options,
)
from further.cli.result import write_json, write_table

if TYPE_CHECKING:
    from further.data import Dataset


@click.command("data", cls=Command)
@click.argument("data")
@with_options(seed_option, loading_options, json_option, quiet_option)
def command(data: str, seed: int, as_json: bool, quiet: bool, **source: Any) -> None:
    """Say what is recognised in DATA, how it would be split, and what is doubtful about it.

    DATA is a name such as digits, a CSV or Parquet file, an IDX, NPZ or NPY file, or a folder of
    pictures.
    """
    from further.data import load

    facts = _describe(load(data, **loading(source)), seed)
    if as_json:
        write_json(facts)
    elif not quiet:
        _show(facts, seed)


def _show(facts: dict[str, Any], seed: int) -> None:
    shape = " x ".join(map(str, facts["shape"]))
    levels = f", {facts['levels']} grey levels" if facts["levels"] else ""
    click.echo(f"{facts['name']}: {facts['kind']}, {facts['rows']} rows of {shape}{levels}")
    click.echo(f"fingerprint {facts['fingerprint']}")
    if facts["columns"]:
        click.echo()
        write_table(
            ["column", "type", "missing", "values"],
            [[c["name"], c["type"], str(c["missing"]), c["values"]] for c in facts["columns"]],
        )
    if facts["classes"]:
        click.echo()
        heading = f'class ("{facts["target"]}")' if facts["target"] else "class"
        write_table(
            [heading, "rows"], [[name, str(n)] for name, n in facts["classes"].items()], numbers=1
        )
    click.echo()
    sizes = ", ".join(f"{n} {part}" for part, n in facts["split"]["rows"].items())
    click.echo(f"split: {sizes} ({facts['split']['method']}, seed {seed})")
    near = facts["near_duplicates"]
    found = f"{near['count']} of {near['n_test']} test rows nearly equal a training row"
    click.echo(f"near-duplicates: {found}")
    for note in facts["notes"]:
        click.echo(f"note: {note}")


def _describe(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return what was recognised in a data set, and what the default split makes of it."""
    from further.data import near_duplicates
    from further.data.kind import KINDS

    split = dataset.split(seed=seed)
    near = near_duplicates(dataset.take(split.train), dataset.take(split.test)).to_json()
    classes = dataset.classes
    counts = [] if classes is None else classes.counts().tolist()
    return {
        "name": dataset.name,
        "kind": dataset.kind,
        "source": dataset.source,
        "fingerprint": dataset.fingerprint,
        "rows": len(dataset),
        "shape": list(dataset.values.shape[1:]),
        "levels": dataset.levels,
        "target": None if dataset.target is None else dataset.target.name,
        "classes": {} if classes is None else dict(zip(classes.names, counts, strict=True)),
        "columns": KINDS[dataset.kind].describe_columns(dataset),
        "split": split.describe(),
        "near_duplicates": near,
        "notes": list(dataset.notes),
    }
