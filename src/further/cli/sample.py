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
@click.option("--class", "name", metavar="NAME", help="Only of this class.")
@click.option(
    "--where", metavar="CONDITION",
    help="Only rows of a table that meet it, such as \"age > 60 and sex == 'F'\": rows are drawn, "
    "and those that do not meet it are dropped.",
)  # fmt: skip
@click.option(
    "--keep-rules", is_flag=True,
    help="Drop rows that break a rule which holds in all training rows, such as minimum ≤ maximum.",
)  # fmt: skip
@click.option(
    "--most-draws", type=click.IntRange(min=1), metavar="N",
    help="Stop after so many draws; default: 100,000, or 100 for each row that is wanted.",
)  # fmt: skip
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
    name: str | None,
    where: str | None,
    keep_rules: bool,
    most_draws: int | None,
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
    from further.cli.listener import Listener
    from further.compare.generation.rules import training_rules
    from further.compare.generation.written_samples import write_samples
    from further.compare.source import free_path
    from further.generate.generative_estimator import GenerativeEstimator
    from further.generate.rejection import sample_where
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
    label = None if name is None else _known_class(estimator, name)
    target = out or free_path(run / "samples" / f"{line.name}-seed{seed}")
    facts: dict[str, Any] = {}
    told: tuple[str, ...] = ()
    if where is not None or keep_rules:
        found = sample_where(
            estimator, number, where=where, y=label, seed=seed, limit=most_draws,
            rules=training_rules(run) if keep_rules else None,
        )  # fmt: skip
        facts, told = found.to_json(), found.sentences
        files = [write_rows(target, found.frame)]
    else:
        if estimator.spec_.is_image:
            asked = None if label is None else [label] * number
            X, y = estimator.sample(number, asked, return_y=True, random_state=seed)
            files = _write_pictures(target, X, y, estimator.spec_.levels)
        else:
            with Listener(silent=quiet or as_json) as listener:
                file = write_samples(
                    estimator, number, _table_file(target), y=label, seed=seed, on_event=listener
                )
            files = [file]
    if as_json:
        names = [str(file) for file in files]
        about = {"run": str(run), "model": model, "n": number, "seed": seed}
        write_json({**about, **facts, "files": names})
    elif not quiet:
        for sentence in told:
            click.echo(sentence)
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


def write_rows(target: Path, frame: pd.DataFrame) -> Path:
    """Write rows as the suffix of a file says, or as ``samples.csv`` into a folder.

    Parameters
    ----------
    target : Path
        The file or the folder.
    frame : DataFrame
        The rows.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the suffix is of no table.
    """
    from further.train.files import write_bytes

    file = _table_file(target)
    is_csv = file.suffix.lower() == ".csv"
    content = frame.to_csv(index=False).encode() if is_csv else frame.to_parquet(index=False)
    return write_bytes(file, content)


def _table_file(target: Path) -> Path:
    """Return the file of rows that a target names."""
    if not target.suffix:
        return target / "samples.csv"
    if target.suffix.lower() in (".csv", ".parquet"):
        return target
    raise InputError(f'"{target}": tables are written as .csv or .parquet, or into a folder.')
