"""``further data DATA``, and what makes data sets of others."""

from __future__ import annotations

from pathlib import Path
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
from further.cli.data.files import COMMANDS
from further.cli.result import write_json, write_table

if TYPE_CHECKING:
    from further.data import Dataset

#: Of what was left out, and of equal pictures.
_MOST_SHOWN = 10


class _WithCommands(Command):
    """A command whose first argument may name one of its own commands."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand over to the command that the first argument names."""
        if args and args[0] in COMMANDS:
            name = args.pop(0)
            return COMMANDS[name].make_context(f"{info_name} {name}", args, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the commands do."""
        with formatter.section(f"Commands ({ctx.command_path} COMMAND ...)"):
            lines = [(name, one.get_short_help_str(90)) for name, one in COMMANDS.items()]
            formatter.write_dl(lines)


@click.command("data", cls=_WithCommands)
@click.argument("data")
@click.option(
    "--sheet", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.png",
    help="Draw some of the pictures with what is marked in them into this file.",
)  # fmt: skip
@with_options(seed_option, loading_options, json_option, quiet_option)
def command(
    data: str, sheet: Path | None, seed: int, as_json: bool, quiet: bool, **source: Any
) -> None:
    """Say what is recognised in DATA, how it would be split, and what is doubtful about it.

    DATA is a name such as digits, a CSV or Parquet file, an IDX, NPZ or NPY file, or a folder of
    pictures, with boxes or masks or without.
    """
    from further.data import load

    dataset = load(data, **loading(source))
    if sheet is not None:
        _draw(dataset, sheet)
    facts = _describe(dataset, seed)
    if as_json:
        write_json(facts)
    elif not quiet:
        _show(facts, seed)


def _draw(dataset: Dataset, file: Path) -> None:
    from PIL import Image

    from further.data import contact_sheet
    from further.errors import InputError

    if dataset.kind != "images":
        raise InputError(f"{dataset.name} is a table; a sheet shows pictures.")
    try:
        Image.fromarray(contact_sheet(dataset)).save(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be written ({error}); give FILE.png.") from error


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
    if "pictures" in facts:
        _show_objects(facts)
    elif facts["classes"]:
        click.echo()
        heading = f'class ("{facts["target"]}")' if facts["target"] else "class"
        write_table(
            [heading, "rows"], [[name, str(n)] for name, n in facts["classes"].items()], numbers=1
        )
    click.echo()
    split = facts["split"]
    if split is not None:
        sizes = ", ".join(f"{n} {part}" for part, n in split["rows"].items())
        click.echo(f"split: {sizes} ({split['method']}, seed {seed})")
        near = facts["near_duplicates"]
        found = f"{near['count']} of {near['n_test']} test rows nearly equal a training row"
        click.echo(f"near-duplicates: {found}")
    for note in facts["notes"]:
        click.echo(f"note: {note}")
    if facts["skipped"]:
        click.echo(f"left out: {len(facts['skipped'])}")
        for entry in facts["skipped"][:_MOST_SHOWN]:
            click.echo(f"  {entry}")
        if len(facts["skipped"]) > _MOST_SHOWN:
            click.echo("  ... (all of them with --json)")


def _show_objects(facts: dict[str, Any]) -> None:
    click.echo()
    counted = facts["boxes"] or {name: f"{share:.1%}" for name, share in facts["pixels"].items()}
    write_table(
        ["class", "objects" if facts["boxes"] else "pixels", "pictures"],
        [[name, str(counted[name]), str(n)] for name, n in facts["classes"].items()],
        numbers=2,
    )
    click.echo()
    sizes = ", ".join(f"{n} of {size}" for size, n in facts["sizes"].items())
    click.echo(f"sizes: {sizes} pixels")
    if facts["boxes"]:
        click.echo(f"pictures without objects: {facts['without_objects']}")
    copies = facts["duplicates"]
    shown = "".join(f"; {one} is {other}" for one, other in copies[:_MOST_SHOWN])
    click.echo(f"equal pictures in two parts of the split: {len(copies)}{shown}")


def _describe(dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return what was recognised in a data set, and what the default split makes of it."""
    from further.data import describe_objects
    from further.data.kind import KINDS
    from further.data.object_summary import KIND_OF

    classes = dataset.classes
    counts = [] if classes is None else classes.counts().tolist()
    marked = type(dataset.target) in KIND_OF
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
        **_divided(dataset, seed, marked),
        "notes": list(dataset.notes),
        "skipped": list(dataset.skipped),
        **(describe_objects(dataset) if marked else {}),
    }


def _divided(dataset: Dataset, seed: int, marked: bool) -> dict[str, Any]:
    """Return the default split, and the near-duplicates in it."""
    from further.data import near_duplicates
    from further.data.object_summary import thumbnails
    from further.data.splits import FEWEST_ROWS

    if marked and len(dataset) < FEWEST_ROWS:
        return {"split": None, "near_duplicates": None}
    split = dataset.split(seed=seed)
    seen = thumbnails(dataset) if marked else dataset
    near = near_duplicates(seen.take(split.train), seen.take(split.test))
    return {"split": split.describe(), "near_duplicates": near.to_json()}
