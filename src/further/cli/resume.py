"""``further resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import DEVICES, Command, jobs_option, showing_options, with_options


@click.command("resume", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--device", type=click.Choice(DEVICES),
    help="Where training continues; default: the same device as before, which the promise below "
    "requires.",
)  # fmt: skip
@with_options(jobs_option, showing_options)
def command(run: Path, device: str | None, jobs: int | None, **_: bool) -> None:
    """Resume RUN, a training, a comparison or a clustering that was interrupted.

    It ends where the uninterrupted run would have on the same machine. For a member of a
    comparison the whole comparison is resumed.
    """
    from further.cli.result import show_result
    from further.compare import task

    show_result(
        lambda listener: task.resume(run, device=device, jobs=jobs, on_event=listener),
        task.whole_run(run),
    )
