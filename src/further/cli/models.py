"""``further models``."""

from __future__ import annotations

import dataclasses

import click

from further.cli.command import Command, json_option
from further.cli.result import write_json, write_table
from further.registry import models_for


@click.command("models", cls=Command)
@json_option
def command(as_json: bool) -> None:
    """List the models: what commands call them and what they are.

    "further train MODEL --help" shows the options of one.
    """
    if as_json:
        keys = ("name", "label", "task", "family", "role", "compared")
        write_json([{k: dataclasses.asdict(line)[k] for k in keys} for line in models_for()])
        return
    rows = [
        [
            line.name,
            line.label,
            line.task,
            line.family,
            line.role,
            "yes" if line.compared else "if named",
        ]
        for line in models_for()
    ]
    write_table(["name", "model", "task", "family", "role", "compared"], rows)
