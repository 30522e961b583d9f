"""``further export RUN FILE.onnx``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json
from further.errors import InputError


@click.command("export", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME", help="Which model of a comparison.")
@with_options(json_option, quiet_option)
def command(run: Path, file: Path, model: str | None, as_json: bool, quiet: bool) -> None:
    """Write the network of RUN as FILE in the ONNX format, which needs no torch.

    It is written only if ONNX Runtime finds the same as torch, and says by how much they differ.
    """
    if file.exists():
        raise InputError(f'"{file}" exists and is not overwritten; name another file.')
    from further.train.load import load
    from further.vision.network import VisionNetwork

    estimator = load(run, model)
    if not isinstance(estimator, VisionNetwork):
        raise InputError(
            f"{type(estimator).__name__} is no network that finds something in pictures; export "
            "writes those."
        )
    from further.vision.onnx import export_onnx

    difference = export_onnx(estimator, file)
    if as_json:
        write_json({"run": str(run), "file": str(file), "difference": difference})
    elif not quiet:
        click.echo(f"Written: {file}")
        click.echo(f"ONNX Runtime differs from torch by at most {difference:.2g}.")
