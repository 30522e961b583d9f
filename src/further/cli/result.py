"""What a command leaves on standard output: JSON, or a table and a few lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click


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


def write_evaluation(
    path: Path, evaluation: dict[str, Any], *, as_json: bool, quiet: bool, training_examples: bool
) -> None:
    """Render the report of a run and write what it found.

    Parameters
    ----------
    path : Path
        The run.
    evaluation : dict
        Its ``evaluation.json``.
    as_json, quiet, training_examples : bool
        The options of the same names.
    """
    from further.evaluate.metrics import metrics_for
    from further.report import render

    report = render(path, training_examples=training_examples)
    if as_json:
        write_json(evaluation)
        return
    if quiet:
        return
    models = [*evaluation["models"], *evaluation["controls"]]
    shown = {
        metric.name: metric.heading
        for metric in metrics_for("generation")
        if metric.heading and _is_defined(models, metric.name)
    }
    write_table(
        ["model", *shown.values(), "flags"],
        [*(_row(model, shown) for model in models), *_ends(models, shown)],
        numbers=len(shown),
    )
    click.echo()
    if evaluation["recommendation"]:
        click.echo(evaluation["recommendation"]["sentence"])
    for model in evaluation["models"]:
        if model["role"] == "model":
            for note in model.get("notes", []):
                click.echo(f"{model['label']}: {note}")
    click.echo(f"Report: {report}")


#: What ``further cluster --json`` writes of an evaluation; all of it stands in the run.
CLUSTERING_KEYS = (
    "run", "sentence", "k", "method", "hyperparameters", "distance", "scale", "criteria",
    "sizes", "noise", "stability", "inertia", "profile", "columns", "alternatives", "anomalies",
    "agreement", "notes", "seed", "seconds",
)  # fmt: skip


#: The metrics by which a clustering is set beside its alternatives.
_COMPARED = ("stability", "silhouette", "agreement")


def write_clustering(
    path: Path, evaluation: dict[str, Any], *, as_json: bool, quiet: bool, training_examples: bool
) -> None:
    """Render the report of a clustering and write what it found.

    Parameters
    ----------
    path, evaluation, as_json, quiet, training_examples
        See :func:`write_evaluation`.
    """
    from further.evaluate.metrics import METRICS
    from further.report import render

    report = render(path, training_examples=training_examples)
    if as_json:
        write_json({key: evaluation.get(key) for key in CLUSTERING_KEYS})
        return
    if quiet:
        return
    for note in [*evaluation["data"]["notes"], *evaluation["notes"]]:
        click.echo(note)
    rows = [_cluster_row(profile) for profile in evaluation["profile"]]
    if rows:
        click.echo()
        write_table(["cluster", "rows", "share", "what sets it apart"], rows, numbers=2)
    compared = [entry for entry in evaluation["alternatives"] if entry["stability"]]
    if compared:
        click.echo()
        write_table(
            ["method", "clusters", *(METRICS[name].heading for name in _COMPARED), "in none"],
            [_alternative_row(entry) for entry in compared],
            numbers=5,
        )
    click.echo()
    click.echo(evaluation["sentence"])
    click.echo(f"Rows with their clusters: {path / 'assignments.csv'}")
    click.echo(f"Report: {report}")


def _cluster_row(profile: dict[str, Any]) -> list[str]:
    name = "none" if profile["cluster"] < 0 else str(profile["cluster"])
    apart = "; ".join(feature["text"] for feature in profile["features"][:3])
    return [name, f"{profile['size']:,}", f"{profile['share']:.0%}", apart]


def _alternative_row(entry: dict[str, Any]) -> list[str]:
    figures = [_number((entry[name] or {}).get("value")) for name in ("stability", "silhouette")]
    label = f"{entry['label']} (chosen)" if entry["chosen"] else entry["label"]
    none = "" if entry["noise_share"] is None else f"{entry['noise_share']:.0%}"
    return [label, str(entry["k"]), *figures, _number(entry["agreement"]), none]


def _is_defined(models: Sequence[dict[str, Any]], metric: str) -> bool:
    return any(_value(model, metric) is not None for model in models)


def _value(model: dict[str, Any], metric: str, key: str = "value") -> float | None:
    value: float | None = model["metrics"].get(metric, {}).get(key)
    return value


def _row(model: dict[str, Any], shown: dict[str, str]) -> list[str]:
    cells = [_number(_value(model, metric)) for metric in shown]
    return [model["label"], *cells, ", ".join(model.get("flags", []))]


def _ends(models: Sequence[dict[str, Any]], shown: dict[str, str]) -> list[list[str]]:
    """Return the two ends of the scale: what real rows and what noise score."""
    judged = next((model for model in models if model["metrics"]), None)
    if judged is None:
        return []
    return [
        [f"({end})", *(_number(_value(judged, metric, end)) for metric in shown), ""]
        for end in ("real", "noise")
    ]


def _number(value: float | None) -> str:
    from further.report.numbers import significant

    return significant(value)
