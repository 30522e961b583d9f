"""``further models``."""

from __future__ import annotations

import click

from further.cli.command import Command, json_option
from further.cli.result import write_json, write_table
from further.registry import command_for, models_for


@click.command("models", cls=Command)
@json_option
def command(as_json: bool) -> None:
    """List the models: what commands call them, what they are and which command fits them.

    "further train MODEL --help" shows the options of one.
    """
    keys = ("name", "label", "task", "family", "role", "compared")
    entries = [
        {key: getattr(line, key) for key in keys} | {"command": command_for(line) or None}
        for line in models_for()
    ]
    if as_json:
        write_json(entries)
        return
    words = {True: "yes", False: "if named", None: "Python only"}
    for entry in entries:
        if entry["command"] is None:
            entry["compared"] = "no"
    rows = [[words.get(value, value) for value in entry.values()] for entry in entries]
    write_table(["name", "model", *keys[2:], "command"], rows)
