"""What a command leaves on standard output: JSON, or a table and a few lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from further.cli.listener import Listener
    from further.compare.result import Result
    from further.report.summary import Summary


def write_json(value: Any) -> None:
    """Write an object as JSON: nothing else goes to standard output."""
    from further.train.files import finite

    click.echo(json.dumps(finite(value), indent=1, ensure_ascii=False))


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> None:
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


def show_result(work: Callable[[Listener], Result], run: Path | None = None) -> None:
    """Do what a command is for with its progress shown, render the report, and say what was found.

    Parameters
    ----------
    work : callable
        Takes what listens to its progress; returns the run with its evaluation.
    run : Path, optional
        The folder of a run that can be resumed when the work is interrupted.
    """
    from further.cli.listener import Listener
    from further.report import render
    from further.report.page import summary_of

    given = click.get_current_context().params
    try:
        with Listener(silent=given["quiet"] or given["as_json"]) as listener:
            result = work(listener)
    except KeyboardInterrupt:
        if run is not None and (run / "run.json").is_file():
            click.echo(f"\nInterrupted; resume with: further resume {run}", err=True)
        raise
    report = render(result.path, training_examples=given["training_examples"])
    said = summary_of(result)
    if given["as_json"]:
        write_json(said.json)
        return
    if given["quiet"]:
        return
    write_summary(said, report)


def write_summary(said: Summary, report: Path) -> None:
    """Write what was found for people, and where the report is.

    Parameters
    ----------
    said : Summary
        Lines and tables.
    report : Path
        The page.
    """
    for block in said.blocks:
        if isinstance(block, str):
            click.echo(block)
        else:
            write_table(*block)
            click.echo()
    click.echo(f"Report: {report}")
