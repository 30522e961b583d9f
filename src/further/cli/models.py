"""``further models``."""

from __future__ import annotations

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
    keys = ("name", "label", "task", "family", "role", "compared")
    entries = [{key: getattr(line, key) for key in keys} for line in models_for()]
    if as_json:
        write_json(entries)
        return
    words = {True: "yes", False: "if named"}
    rows = [[words.get(value, value) for value in entry.values()] for entry in entries]
    write_table(["name", "model", *keys[2:]], rows)
