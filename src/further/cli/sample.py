"""``further sample RUN``."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from further.cli.command import Command, device_option, json_option, quiet_option, with_options
from further.cli.result import write_json
from further.errors import InputError, unknown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@click.command("sample", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME", help="Which model of a comparison.")
@click.option(
    "-n", "--number", type=click.IntRange(min=1), default=64, show_default=True, help="How many."
)
@click.option("--class", "label", metavar="NAME", help="Only of this class.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the samples.")  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PATH",
    help="A folder; or a file: .png for the sheet alone, .csv or .parquet for a table. "
    "Default: a new folder under RUN/samples.",
)  # fmt: skip
@with_options(device_option, json_option, quiet_option)
def command(
    run: Path,
    model: str | None,
    number: int,
    label: str | None,
    seed: int,
    out: Path | None,
    device: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Generate pictures or rows with the trained model of RUN.

    Pictures become numbered PNG files and one sheet of all, rows a CSV file with the columns and
    types of the source. Nothing is overwritten.
    """
    from further.compare.source import free_path
    from further.generate.generative_estimator import GenerativeEstimator
    from further.registry import name_of
    from further.train.load import load

    if out is not None:
        _refuse_existing(out)
    estimator = load(run, model, device=device)
    line = name_of(type(estimator))
    if not issubclass(line.load(), GenerativeEstimator):
        raise InputError(
            f'"{run}" holds a model for {line.task} ({line.label}), which generates nothing; '
            '"further models" lists those of generation.'
        )
    asked = None if label is None else [_known_class(estimator, label)] * number
    X, y = estimator.sample(number, asked, return_y=True, random_state=seed)
    target = out or free_path(run / "samples" / f"{line.name}-seed{seed}")
    if estimator.spec_.is_image:
        files = _write_pictures(target, X, y, estimator.spec_.levels)
    else:
        files = [_write_table(target, _table(estimator, X, y))]
    if as_json:
        names = [str(file) for file in files]
        write_json({"run": str(run), "model": model, "n": number, "seed": seed, "files": names})
    elif not quiet:
        more = f" and {len(files) - 1} pictures beside it" if len(files) > 1 else ""
        click.echo(f"{files[0]}{more}")


def _known_class(estimator: Any, label: str) -> object:
    """Return the class of that name as the estimator knows it."""
    known = {str(name): name for name in getattr(estimator, "classes_", [])}
    if not known:
        raise InputError(f"The model was trained without classes; leave out --class {label}.")
    if label not in known:
        raise InputError(unknown("class", label, list(known)))
    return known[label]


def _refuse_existing(out: Path) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise InputError(f'"{out}" exists and is not overwritten; name another file or folder.')


def _write_pictures(
    target: Path, X: np.ndarray, y: np.ndarray | None, levels: int | None
) -> list[Path]:
    """Write the sheet, and unless the target is a file a PNG for each picture and their classes."""
    from further.compare.generation.pictures import sheet_png
    from further.train.files import write_bytes, write_text

    columns = math.isqrt(len(X) - 1) + 1
    if target.suffix.lower() == ".png":
        return [write_bytes(target, sheet_png(X, columns, levels))]
    if target.suffix:
        raise InputError(f'"{target}": pictures are written as .png, or into a folder.')
    files = [write_bytes(target / "sheet.png", sheet_png(X, columns, levels))]
    digits = max(4, len(str(len(X))))
    for number, picture in enumerate(X, 1):
        file = target / f"{number:0{digits}d}.png"
        files.append(write_bytes(file, sheet_png(picture[None], 1, levels)))
    if y is not None:
        table = io.StringIO()
        names = ((file.name, str(label)) for file, label in zip(files[1:], y, strict=True))
        csv.writer(table, lineterminator="\n").writerows([("file", "class"), *names])
        write_text(target / "classes.csv", table.getvalue())
    return files


def _table(estimator: Any, X: Any, y: np.ndarray | None) -> pd.DataFrame:
    """Return generated rows with the source's columns, that of the label included."""
    import pandas as pd

    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
    if y is None:
        return frame
    codes = [list(estimator.classes_).index(label) for label in y]
    labelled: pd.DataFrame = estimator.encoding_.with_labels(frame, codes)
    return labelled


def _write_table(target: Path, frame: pd.DataFrame) -> Path:
    from further.train.files import write_bytes

    if not target.suffix:
        target = target / "samples.csv"
    if target.suffix.lower() == ".csv":
        return write_bytes(target, frame.to_csv(index=False).encode())
    if target.suffix.lower() == ".parquet":
        return write_bytes(target, frame.to_parquet(index=False))
    raise InputError(f'"{target}": tables are written as .csv or .parquet, or into a folder.')
