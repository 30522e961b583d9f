"""``further evaluate RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from further.cli.command import (
    Command,
    json_option,
    quiet_option,
    training_examples_option,
    with_options,
)


@click.command("evaluate", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@with_options(json_option, quiet_option, training_examples_option)
def command(run: Path, as_json: bool, quiet: bool, training_examples: bool) -> None:
    """Judge the trained model of RUN on held-out data, as a comparison would.

    Writes evaluation.json and the report anew; for a comparison, that of all its models.
    """
    from further.cli.listener import Listener
    from further.cli.result import write_evaluation
    from further.compare.generation import comparison
    from further.compare.generation.single import evaluate_model
    from further.train.run import Run

    run = comparison.whole_run(run)
    is_comparison = Run(run).record.get("task") == comparison.TASK
    with Listener(silent=quiet or as_json) as listener:
        if is_comparison:
            evaluation = comparison.judge(run, listen=listener).evaluation
        else:
            evaluation = evaluate_model(run, listen=listener).evaluation
    write_evaluation(
        run, evaluation, as_json=as_json, quiet=quiet, training_examples=training_examples
    )
