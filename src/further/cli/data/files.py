"""``further data convert``, ``split``, ``merge`` and ``filter``: data sets as files of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from further.cli.command import (
    Command,
    json_option,
    loading,
    picture_options,
    quiet_option,
    seed_option,
    split_names,
    with_options,
)
from further.cli.result import write_json

if TYPE_CHECKING:
    from further.data import Dataset

_FORMATS = ("voc", "coco", "yolo", "masks", "instances")
_showing = with_options(picture_options, json_option, quiet_option)
_to_option = click.option(
    "--to", type=click.Choice(_FORMATS), help="The format; by default that of the data."
)
_out_argument = click.argument("out", type=click.Path(path_type=Path))


@click.command("convert", cls=Command)
@click.argument("data")
@_out_argument
@click.option("--to", type=click.Choice(_FORMATS), required=True, help="The format.")
@_showing
def convert(data: str, out: Path, to: str, **given: Any) -> None:
    """Write DATA to the new folder OUT in another format."""
    _write(_load(data, given), out, to, given)


@click.command("split", cls=Command)
@click.argument("data")
@_out_argument
@click.option(
    "--fractions", default="0.6,0.2,0.2", show_default=True,
    help="Shares of the training, validation and test set.",
)  # fmt: skip
@with_options(_to_option, seed_option, _showing)
def split(data: str, out: Path, fractions: str, to: str | None, seed: int, **given: Any) -> None:
    """Write DATA to the new folder OUT with a new split, equal pictures on one side of it."""
    from further.data import resplit

    try:
        shares = [float(word) for word in fractions.split(",")]
    except ValueError as error:
        raise click.UsageError(
            f"--fractions {fractions} must be three numbers such as 0.6,0.2,0.2."
        ) from error
    _write(resplit(_load(data, given), shares, seed), out, to, given)


@click.command("merge", cls=Command)
@click.argument("data", nargs=-1, required=True)
@_out_argument
@with_options(_to_option, _showing)
def merge(data: tuple[str, ...], out: Path, to: str | None, **given: Any) -> None:
    """Write several DATA to the new folder OUT as one, classes united by name."""
    from further.data import merge as merged

    _write(merged([_load(one, given) for one in data]), out, to, given)


@click.command("filter", cls=Command)
@click.argument("data")
@_out_argument
@click.option("--classes", metavar="NAMES", help="Keep the objects of these classes.")
@click.option(
    "--least-objects", type=click.IntRange(min=0), default=0, show_default=True,
    help="Keep the pictures with at least so many of the objects that are kept.",
)  # fmt: skip
@click.option(
    "--least-side", type=click.FloatRange(min=0), default=0.0, show_default=True,
    help="Keep the objects whose box is at least so many pixels wide and high.",
)  # fmt: skip
@with_options(_to_option, _showing)
def choose(
    data: str,
    out: Path,
    classes: str | None,
    least_objects: int,
    least_side: float,
    to: str | None,
    **given: Any,
) -> None:
    """Write some objects and pictures of DATA to the new folder OUT."""
    from further.data import select_objects

    chosen = select_objects(
        _load(data, given),
        split_names(classes),
        least_objects=least_objects,
        least_side=least_side,
    )
    _write(chosen, out, to, given)


COMMANDS: dict[str, click.Command] = {
    "convert": convert, "split": split, "merge": merge, "filter": choose,
}  # fmt: skip


def _load(data: str, given: dict[str, Any]) -> Dataset:
    from further.data import load

    return load(data, **loading(given))


def _write(dataset: Dataset, out: Path, to: str | None, given: dict[str, Any]) -> None:
    from further.data import write
    from further.data.splits import PARTS
    from further.data.writing import format_of

    name = to or format_of(dataset)
    lost = write(dataset, out, name)
    target: Any = dataset.target
    parts = dataset.official_split
    sizes = None if parts is None else {part: int((parts == part).sum()) for part in PARTS}
    notes = [*dataset.notes, *lost]
    facts = {
        "out": str(out),
        "format": name,
        "pictures": len(dataset),
        "objects": int(target.counts.sum()) if hasattr(target, "counts") else None,
        "classes": list(target.names),
        "split": sizes,
        "notes": notes,
        "skipped": list(dataset.skipped),
    }
    if given["as_json"]:
        write_json(facts)
    elif not given["quiet"]:
        objects = "" if facts["objects"] is None else f", {facts['objects']} objects"
        click.echo(f"{out}: {len(dataset)} pictures{objects}, format {name}")
        for note in notes:
            click.echo(f"note: {note}")
