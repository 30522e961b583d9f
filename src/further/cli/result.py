"""What a command leaves on standard output: JSON, or a table and a few lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from further.compare.result import Result


def write_json(value: Any) -> None:
    """Write an object as JSON: nothing else goes to standard output."""
    from further.train.files import finite

    click.echo(json.dumps(finite(value), indent=1, ensure_ascii=False))


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int = 0) -> None:
    """Write a table: by rich on a terminal, in plain aligned columns elsewhere.

    Parameters
    ----------
    head : sequence of str
        Headings.
    rows : sequence of sequence of str
        Cells.
    numbers : int, default=0
        How many columns after the first hold numbers, set flush right.
    """
    right = range(1, 1 + numbers)
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for i, name in enumerate(head):
            table.add_column(name, justify="right" if i in right else "left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)
        return
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


@contextmanager
def resumable(run: Path, *, silent: bool = False) -> Iterator[None]:
    """Say how to resume when a block of work on a run is interrupted.

    Parameters
    ----------
    run : Path
        Folder of the run.
    silent : bool, default=False
        Whether to say nothing.
    """
    try:
        yield
    except KeyboardInterrupt:
        if (run / "run.json").is_file():
            click.echo(f"\nInterrupted; resume with: further resume {run}", err=True)
        raise


def write_result(result: Result, *, as_json: bool, quiet: bool, training_examples: bool) -> None:
    """Render the report of a run and write what it found.

    Parameters
    ----------
    result : Result
        The run with its evaluation.
    as_json, quiet, training_examples : bool
        The options of the same names.
    """
    from further.report import render
    from further.report.page import summary_of

    report = render(result.path, training_examples=training_examples)
    said = summary_of(result.path, result.evaluation)
    if as_json:
        write_json(said.json)
        return
    if quiet:
        return
    for block in said.blocks:
        if isinstance(block, str):
            click.echo(block)
        else:
            write_table(block.head, block.rows, numbers=block.numbers)
            click.echo()
    click.echo(f"Report: {report}")
