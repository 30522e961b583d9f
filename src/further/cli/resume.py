"""``further resume RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import (
    Command,
    jobs_option,
    json_option,
    quiet_option,
    training_examples_option,
    with_options,
)


@click.command("resume", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(jobs_option, json_option, quiet_option, training_examples_option)
def command(
    run: Path, jobs: int | None, as_json: bool, quiet: bool, training_examples: bool
) -> None:
    """Resume RUN, a training, a comparison or a clustering that was interrupted.

    It ends where the uninterrupted run would have on the same machine. For a member of a
    comparison the whole comparison is resumed.
    """
    from further.cli.listener import Listener, Steps
    from further.cli.result import resumable, write_clustering, write_evaluation
    from further.compare.clustering import clustering
    from further.compare.generation import comparison
    from further.compare.generation.single import resume_training
    from further.train.run import Run

    run = comparison.whole_run(run)
    task = Run(run).record.get("task")
    shown = {"as_json": as_json, "quiet": quiet, "training_examples": training_examples}
    if task == clustering.TASK:
        with resumable(run), Steps(silent=quiet or as_json) as steps:
            found = clustering.resume(run, listen=steps)
        write_clustering(run, found.evaluation, **shown)
        return
    with resumable(run), Listener(silent=quiet or as_json) as listener:
        if task == comparison.TASK:
            evaluation = comparison.resume(run, jobs=jobs, listen=listener).evaluation
        else:
            evaluation = resume_training(run, listen=listener).evaluation
    write_evaluation(run, evaluation, **shown)
