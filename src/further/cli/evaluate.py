"""``further evaluate RUN`` and ``further evaluate SYNTHETIC --train TRAIN --test TEST``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    attributes_option,
    command_line,
    declared_options,
    device_option,
    given_options,
    groups_option,
    header_option,
    loading,
    out_option,
    seed_option,
    showing_options,
    target_option,
    with_options,
)

_ROWS = ("train", "validation", "test")


@click.command("evaluate", cls=Command)
@click.argument("what", metavar="RUN|SYNTHETIC")
@click.argument("data", required=False)
@click.option(
    "--train", metavar="TRAIN", help="The rows that another tool learnt from to make SYNTHETIC."
)
@click.option("--test", metavar="TEST", help="Real rows that it never saw.")
@click.option(
    "--validation", metavar="ROWS",
    help="More rows that it never saw; default: half of TEST.",
)  # fmt: skip
@with_options(
    target_option, groups_option, attributes_option, header_option, declared_options, seed_option,
    out_option, device_option, showing_options,
)  # fmt: skip
def command(what: str, data: str | None, device: str, **options: Any) -> None:
    """Evaluate the trained model of RUN on held-out data, as a comparison would.

    Rewrites evaluation.json and the report; for a comparison, those of all its models. With DATA,
    rows with the target or labelled pictures, it judges models that predict, or find something in
    pictures, on these instead, into a new run.

    With --train and --test it evaluates SYNTHETIC instead: a table that another tool made, by the
    same protocol and with the same report. Each is a CSV or Parquet file; TRAIN says what the
    columns are and which of them is the label.
    """
    from further.cli.result import show_result
    from further.compare import task

    context = click.get_current_context()
    given = given_options([p for p in context.command.params if isinstance(p, click.Option)])
    if data is not None:
        return _evaluate_rows(what, data, options)
    if not any(name in given for name in _ROWS):
        other = sorted(given.keys() - {"device", "as_json", "quiet", "training_examples"})
        if other:
            name = other[0].replace("_", "-")
            raise click.UsageError(
                f"--{name} is for rows that another tool made; name their --train and --test "
                "rows too.", context,
            )  # fmt: skip
        if Path(what).is_file():
            raise click.UsageError(
                f'"{what}" is a file, not a run; to evaluate rows that another tool made, name the '
                "rows that it learnt from by --train and rows that it never saw by --test.",
                context,
            )
        return show_result(lambda listener: task.judge(what, device=device, on_event=listener))
    for name in ("train", "test"):
        if name not in given:
            raise click.UsageError(
                f"--{name} is missing: rows that another tool made are evaluated with the rows "
                "that it learnt from (--train) and rows that it never saw (--test).", context,
            )  # fmt: skip
    if (Path(what) / "run.json").is_file():
        raise click.UsageError(
            f'"{what}" is a run; it has its own rows, so name no others.', context
        )
    if "device" in given:
        raise click.UsageError("--device is for a RUN: rows need no network.", context)
    from further.compare import evaluate_synthetic
    from further.compare.source import default_folder

    out = options["out"] or default_folder("evaluate", what)
    return show_result(
        lambda listener: evaluate_synthetic(
            what, **{name: options[name] for name in _ROWS}, seed=options["seed"], out=out,
            on_event=listener, command=command_line(), **loading(options),
        ),
        out,
    )  # fmt: skip


def _evaluate_rows(run: str, data: str, options: dict[str, Any]) -> None:
    from further.cli.result import show_result
    from further.compare.source import default_folder
    from further.compare.task import evaluate_rows

    out = options["out"] or default_folder("evaluate", data)
    read = {k: v for k, v in loading(options).items() if k not in ("target", "groups")}
    return show_result(
        lambda listener: evaluate_rows(
            run, data, out=out, on_event=listener, command=command_line(), **read
        ),
        out,
    )
