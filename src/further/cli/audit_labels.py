"""``further audit-labels DATA`` and ``further audit-labels RUN --decisions FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from further.cli.command import (
    Command,
    budget_of_epochs,
    command_line,
    device_option,
    epochs_option,
    json_option,
    out_option,
    quiet_option,
    seed_option,
    with_options,
)
from further.cli.result import write_json, write_table
from further.errors import InputError, RunError

if TYPE_CHECKING:
    from further.train.run import Run
    from further.trust.labels.audit import Audit

_SHOWN = 10


@click.command("audit-labels", cls=Command)
@click.argument("data")
@with_options(
    click.option(
        "--model", default="yolo", show_default=True, metavar="NAME", help="The detector."
    ),
    click.option(
        "--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
        help="A parameter of the detector, such as augmentation=turn; may be repeated.",
    ),
    click.option("--budget", metavar="BUDGET", help='How long to train each fold, as "12 epochs".'),
    epochs_option,
    click.option(
        "--folds", type=click.IntRange(min=2), default=3, show_default=True,
        help="Detectors that are trained, each on the pictures of all folds but one.",
    ),
    seed_option,
    device_option,
    out_option,
    click.option(
        "--decisions", type=click.Path(path_type=Path), metavar="FILE",
        help="What was decided in the report of the run DATA: estimate the share of wrong labels.",
    ),
    click.option(
        "--write", type=click.Path(path_type=Path), metavar="FOLDER",
        help="With --decisions: write a copy of the data with corrected labels.",
    ),
    json_option,
    quiet_option,
)  # fmt: skip
def command(data: str, decisions: Path | None, write: Path | None, **given: Any) -> None:
    """Find labels of DATA that are likely wrong: missing, spurious, misplaced or swapped boxes.

    DATA is a folder of pictures with boxes. Detectors are trained on parts of it, so that each
    picture is judged by one that never saw it; the report shows the suspicions, to be accepted or
    rejected. Called again with the run in place of DATA and --decisions, it estimates the share of
    wrong labels and writes corrections to a copy.
    """
    if decisions is not None:
        _decide(Path(data), decisions, write, given["as_json"], given["quiet"])
    elif write is not None:
        raise InputError(
            "--write needs --decisions FILE, which the report of an audit lets you download."
        )
    else:
        _audit(data, **given)


def _audit(
    data: str, folds: int, seed: int, out: Path | None, as_json: bool, quiet: bool, **of_model: Any
) -> None:
    from further.cli.listener import Listener
    from further.compare.source import default_folder, describe_data
    from further.data import load
    from further.report.labels.page import write_page
    from further.train.files import write_bytes
    from further.train.files import write_json as write_json_file
    from further.train.parameters import parameters_to_json
    from further.train.run import Run
    from further.trust.labels.audit import audit_labels
    from further.trust.labels.out_of_fold import fold_of, out_of_fold

    dataset = load(data)
    if dataset.target is None or dataset.target.seen_as("boxes") is None:
        raise InputError(f"{dataset.name} has no boxes; name a folder of pictures with labels.")
    fold_of(dataset, folds, seed)  # refuses a number that cannot be, before anything is written
    detector = _detector(**of_model)
    path = out or default_folder("audit-labels", data)
    run = Run.create(
        path, command=command_line(), data=describe_data(dataset), seed=seed,
        parameters={
            "model": of_model["model"], "folds": folds, **parameters_to_json(detector.get_params())
        },
    )  # fmt: skip
    try:
        with Listener(silent=quiet or as_json) as listener, run.working():
            run.update(status="running")

            def report(fold: int, share: float, loss: float) -> None:
                event = {"event": "progress", "model": of_model["model"], "repeat": fold}
                listener({**event, "share": share, "loss": loss})

            predictions = out_of_fold(detector, dataset, folds, seed, run=path, report=report)
            listener({"event": "judging", "what": "Weighing labels"})
            audit = audit_labels(dataset, predictions, seed=seed)
            write_json_file(path / "audit.json", audit.to_json())
            write_bytes(path / "suspicions.csv", audit.to_frame().to_csv(index=False).encode())
            page = write_page(audit, dataset, path / "report.html")
            run.update(status="finished")
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted; call it again with --out {path} to resume.", err=True)
        raise
    if as_json:
        write_json(_facts(audit, path, page))
    elif not quiet:
        _show(audit, path, page)


def _detector(
    model: str, parameters: tuple[str, ...], budget: str | None, epochs: int | None, device: str
) -> Any:
    from further.cli.options import model_options
    from further.registry import find_model
    from further.vision.detector import Detector

    cls = find_model(model).load()
    if not issubclass(cls, Detector):
        raise InputError(f'"{model}" finds no boxes; choose a detector, such as yolo.')
    options = {option.name: option for option in model_options(cls)}
    given: dict[str, Any] = {"device": device}
    for text in parameters:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in options:
            raise InputError(
                f"--parameter {text} is none of {model}; write NAME=VALUE with one of "
                f"{', '.join(map(str, options))}."
            )
        given[name] = options[name].type.convert(value, options[name], None)
    if epochs is not None:
        budget = budget_of_epochs(epochs)
    if budget is not None:
        given["budget"] = budget
    return cls(**given)


def _facts(audit: Audit, path: Path, page: Path) -> dict[str, Any]:
    record = audit.to_json()
    likely = [s for s in record["suspicions"] if s["probability"] >= 0.5]
    return {
        "run": str(path), "data": audit.data, "pictures": audit.pictures, "labels": audit.labels,
        "likely": audit.likely(), "suspicions": likely, "sample": list(audit.sample),
        "notes": list(audit.notes), "report": str(page),
    }  # fmt: skip


def _show(audit: Audit, path: Path, page: Path) -> None:
    likely = audit.likely()
    click.echo(
        f"{audit.data}: {sum(likely.values())} of {audit.labels:,} labels are likely wrong "
        f"({', '.join(f'{n} {kind}' for kind, n in likely.items())})."
    )
    click.echo()
    write_table(
        ["", "probability", "kind", "picture", "what"],
        [
            [str(s.number), f"{s.probability:.2f}", s.kind, s.file or str(s.picture), s.told]
            for s in audit.suspicions[:_SHOWN]
        ],
    )
    click.echo()
    for note in audit.notes:
        click.echo(f"note: {note}")
    click.echo(f"Report: {page}")
    click.echo(
        f"Decide there, download the file, then: further audit-labels {path} --decisions FILE"
    )


def _decide(path: Path, decisions: Path, folder: Path | None, as_json: bool, quiet: bool) -> None:
    from further.compare.source import read_data
    from further.data.writing import write as write_dataset
    from further.train.run import Run
    from further.trust.labels.corrections import corrected, read_decisions

    run = Run(path)
    run.refuse_unfinished()
    audit = read_audit(run)
    made = read_decisions(decisions, audit)
    share = audit.estimate(made.confirmed)
    notes: tuple[str, ...] = ()
    if folder is not None:
        notes = write_dataset(corrected(read_data(run), audit, made.accepted), folder)
    if as_json:
        write_json({
            "run": str(path), "accepted": len(made.accepted), "rejected": len(made.rejected),
            "share": share.to_json(), "written": None if folder is None else str(folder),
            "notes": list(notes),
        })  # fmt: skip
    elif not quiet:
        click.echo(f"{len(made.accepted)} errors, {len(made.rejected)} that are none.")
        click.echo(share.told)
        if folder is not None:
            click.echo(f"Written: {folder}, with {len(made.accepted)} corrections.")
        for note in notes:
            click.echo(f"note: {note}")


def read_audit(run: Run) -> Audit:
    """Read the audit of a run."""
    from further.evaluate.typed_json import from_json
    from further.train.files import read_json
    from further.trust.labels.audit import Audit

    file = run.path / "audit.json"
    if not file.is_file():
        raise RunError(f'"{run.path}" is no audit of labels; name the run of "audit-labels DATA".')
    return from_json(Audit, read_json(file))
