"""``further explain-net NET``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json, write_table
from further.errors import InputError

if TYPE_CHECKING:
    from further.explain.architecture import Architecture


@click.command("explain-net", cls=Command)
@click.argument("net", nargs=-1, required=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), metavar="N",
    help="Examples in a batch.  [default: 32, or that of the run]",
)  # fmt: skip
@click.option(
    "--density", type=float, metavar="SHARE",
    help="Share of the connections of dense layers that are there, such as 0.1.  [default: all]",
)  # fmt: skip
@click.option(
    "--optimizer", metavar="NAME",
    help="sgd, momentum, adadelta, adam, adamw or lbfgs.  [default: adam, or that of the run]",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="Write the drawing to FILE.svg, or with its tables to FILE.html.",
)  # fmt: skip
@with_options(json_option, quiet_option)
def command(
    net: tuple[str, ...],
    batch_size: int | None,
    density: float | None,
    optimizer: str | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what is learnt in NET, what is decided, and what a training step costs.

    NET is sizes, such as 3-5-2-1; a shape and layers, such as 1x28x28 conv8k3 relu pool2 flatten
    10; or the folder of a run with a trained network. Layers are N (dense), convCkK, poolK,
    avgpoolK, gap, flatten, norm, layernorm, dropout and activations such as relu; s, p and g behind
    a convolution are its stride, padding and groups, as in conv8k3s2p1.
    """
    from further.explain.architecture import explain_architecture

    if out is not None and out.suffix not in (".svg", ".html"):
        raise InputError(f'--out "{out}" must end in .svg or .html; name such a file.')
    if out is not None and out.exists():
        raise InputError(f'"{out}" exists and is not overwritten; name another file.')
    given: str | Path = " ".join(net)
    if len(net) == 1 and Path(net[0]).is_dir():
        given = Path(net[0])
    found = explain_architecture(given, density=density, batch_size=batch_size, optimizer=optimizer)
    if out is not None:
        _write(out, found.to_svg() if out.suffix == ".svg" else found.to_html())
    if as_json:
        write_json(found.to_json() | ({"drawing": str(out)} if out else {}))
    elif not quiet:
        _show(found)
        if out is not None:
            click.echo(f"\nDrawing: {out}")


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f'"{path}" cannot be written ({error.strerror}); name another file.'
        ) from error


def _show(net: Architecture) -> None:
    from further.explain.hyperparameters import UNDECIDED
    from further.explain.layer import shape_text
    from further.explain.numbers import bytes_text, operations_text

    width = shutil.get_terminal_size((100, 24)).columns
    click.echo(net.to_text(width))
    click.echo()
    rows = [
        [
            str(row["layer"]), row["label"] or row["kind"], shape_text(row["outputs"]),
            f"{row['weights']:,}", f"{row['biases']:,}", f"{row['parameters']:,}", row["formula"],
            row["product"],
        ]
        for row in net.records()
    ]  # fmt: skip
    total = ["", "total", "", f"{net.weights:,}", f"{net.biases:,}", f"{net.parameters:,}", "", ""]
    write_table(
        ["layer", "what", "out", "weights", "biases", "parameters", "forward",
         f"product, {net.batch_size} examples"],
        [*rows, total],
    )  # fmt: skip
    if net.chain:
        click.echo(f"\n{net.chain}")
    memory, work = net.memory, net.operations
    parts = ", ".join(
        f"{name} {bytes_text(getattr(memory, name))}"
        for name in ("parameters", "gradients", "optimizer", "activations")
    )
    click.echo(
        f"\nmemory of a training step of {net.batch_size} examples with {net.optimizer}, float32: "
        f"{bytes_text(memory.total)} ({parts})"
    )
    click.echo(
        f"operations, 2 for a multiply-add: forward {operations_text(work.forward)}, training step "
        f"{operations_text(work.step)}"
    )
    facts = net.to_json()
    click.echo(
        f"left out: of memory {facts['memory']['left_out']}; of operations "
        f"{facts['operations']['left_out']}"
    )
    for of in ("architecture", "training"):
        decided = facts["hyperparameters"][of]
        known = [f"{name}: {value}" for name, value in decided.items() if value != UNDECIDED]
        open_ = ", ".join(name for name, value in decided.items() if value == UNDECIDED)
        text = "; ".join([*known, f"{UNDECIDED}: {open_}"] if open_ else known)
        click.echo(f"hyperparameters of {of}: {text}")
    for note in net.notes:
        click.echo(f"note: {note}")
