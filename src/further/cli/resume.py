"""``further resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import (
    DEVICES,
    Command,
    jobs_option,
    json_option,
    quiet_option,
    training_examples_option,
    with_options,
)


@click.command("resume", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--device", type=click.Choice(DEVICES),
    help="Where training continues; default: the same device as before, which the promise below "
    "requires.",
)  # fmt: skip
@with_options(jobs_option, json_option, quiet_option, training_examples_option)
def command(
    run: Path,
    device: str | None,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
    training_examples: bool,
) -> None:
    """Resume RUN, a training, a comparison or a clustering that was interrupted.

    It ends where the uninterrupted run would have on the same machine. For a member of a
    comparison the whole comparison is resumed.
    """
    from further.cli.listener import Listener
    from further.cli.result import resumable, write_result
    from further.compare import task

    with resumable(task.whole_run(run)), Listener(silent=quiet or as_json) as listener:
        result = task.resume(run, device=device, jobs=jobs, on_event=listener)
    write_result(result, as_json=as_json, quiet=quiet, training_examples=training_examples)
