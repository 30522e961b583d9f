"""``further doctor RUN | FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json

if TYPE_CHECKING:
    from further.trust.doctor.diagnosis import Diagnosis
    from further.trust.doctor.finding import Finding

_ROLES = {
    "train": "training loss",
    "validation": "validation loss",
    "epoch": "epochs",
    "step": "steps",
}
#: How much of a finding is shown; --json has all of it.
_MOST_STEPS = 3


@click.command("doctor", cls=Command)
@click.argument("history", type=click.Path(path_type=Path))
@with_options(
    click.option("--train", metavar="COLUMN", help="The column with the training loss."),
    click.option("--validation", metavar="COLUMN", help="The column with the validation loss."),
    click.option("--epoch", metavar="COLUMN", help="The column with the epoch or step."),
    click.option(
        "--baseline", type=float, metavar="LOSS",
        help="Loss of the constant predictor, such as the variance of the target.",
    ),
    click.option(
        "--classes", type=click.IntRange(min=2), metavar="N",
        help="Number of classes, of a cross-entropy in nats: its baseline is log N.",
    ),
    click.option(
        "--validation-rows", type=click.IntRange(min=1), metavar="N",
        help="Number of validation rows: a small rise is chance where they are few.",
    ),
    click.option(
        "--training-rows", type=click.IntRange(min=1), metavar="N", help="Number of training rows."
    ),
    click.option(
        "--parameters", type=click.IntRange(min=1), metavar="N",
        help="Number of parameters: with as many as rows a network could know them by heart.",
    ),
    json_option,
    quiet_option,
)  # fmt: skip
def command(history: Path, as_json: bool, quiet: bool, **given: Any) -> None:
    """Say what the learning curves of a training show.

    HISTORY is a run folder or what any other tool wrote: a file of Keras, Lightning, Ultralytics,
    Hugging Face, skorch, scikit-learn, TensorBoard, MLflow, Weights & Biases, Neptune or Aim, any
    CSV or JSON with losses, or a console log.
    """
    from further.trust.doctor.diagnosis import doctor

    found = doctor(history, **given)
    if as_json:
        write_json(found.to_json())
    elif not quiet:
        _show(found)


def _show(found: Diagnosis) -> None:
    click.echo(found.headline)
    for finding in found.findings:
        _show_finding(finding)
    roles = "; ".join(
        f"{_ROLES.get(role, role.replace('_', ' '))} {name}" for role, name in found.columns.items()
    )
    click.echo(f"\nRead as {found.layout}: {roles}.")
    for note in found.notes:
        click.echo(f"note: {note}")
    for text in found.cannot_tell:
        click.echo(f"cannot tell: {text}")


def _show_finding(finding: Finding) -> None:
    kind = "confidence" if finding.is_problem else "a note, confidence"
    click.echo(f"\n{finding.title} ({kind} {finding.confidence:.2f})")
    for text in finding.evidence:
        click.echo(f"  {text}")
    click.echo(f"  Likely: {'; '.join(finding.causes[:_MOST_STEPS])}.")
    for text in finding.next_steps[:_MOST_STEPS]:
        click.echo(f"  - {text}")
