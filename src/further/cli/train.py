"""``further train MODEL DATA``: a command a model, made from its estimator."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    budget_of_epochs,
    command_line,
    epochs_option,
    given_options,
    loading,
    loading_options,
    out_option,
    seed_option,
    showing_options,
    unconditional_option,
    with_options,
)
from further.errors import InputError
from further.registry import find_model, models_for


class Models(click.Group):
    """A group with a command for each line of the table of models."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the models."""
        return [line.name for line in models_for(command="train")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the estimator and read its options."""
        try:
            line = find_model(cmd_name, command="train")
        except InputError:
            return None
        return _model_command(line.name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the model; the nearest one is named for a name that is none."""
        if args and not args[0].startswith("-"):
            find_model(args[0], command="train")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of models without importing them."""
        for title, command in (("Models", "train"), ("From Python only", "")):
            with formatter.section(title):
                lines = models_for(command=command)
                formatter.write_dl([(line.name, line.label) for line in lines])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called."""
        formatter.write_usage(ctx.command_path, "MODEL DATA [OPTIONS]")


def _model_command(name: str) -> click.Command:
    """Return the command that trains a model, its options read from the estimator."""
    from further.cli.options import SETTING, model_options, training_options

    cls = find_model(name).load()
    options = [*model_options(cls), *training_options(cls)]
    epochs_options = [epochs_option] if "budget" in inspect.signature(cls).parameters else []
    if getattr(cls, "takes_advice", False):
        epochs_options.append(_advise_option)
    if getattr(cls, "learns_from_shares", False):
        epochs_options.append(_learning_curve_option)

    @with_options(
        *epochs_options, seed_option, unconditional_option, loading_options, out_option,
        showing_options,
    )  # fmt: skip
    def train(
        data: str,
        seed: int,
        unconditional: bool,
        out: Path | None,
        **others: Any,
    ) -> None:
        from further.cli.result import show_result
        from further.compare.source import default_folder
        from further.compare.task import train_model

        given = given_options(options)
        if others.get("epochs") is not None:
            given["budget"] = budget_of_epochs(others["epochs"])
        settings = {
            key.removeprefix(SETTING): given.pop(key) for key in [*given] if key.startswith(SETTING)
        }
        if settings:
            given["training"] = settings
        if others.pop("advise", False):
            _advise(name, data, given, seed, others)
            return
        told: dict[str, Any] = {"conditional": False} if unconditional else {}
        if others.get("learning_curve"):
            told["learning_curve"] = True
        run = out or default_folder(f"train-{name}", data)
        show_result(
            lambda listener: train_model(
                name, data, parameters=given, seed=seed, out=run, on_event=listener,
                command=command_line(), **told, **loading(others),
            ),
            run,
        )  # fmt: skip

    command = click.command(name, cls=Command, help=_summary(cls))(train)
    command.params[:0] = [click.Argument(["data"]), *options]
    return command


_advise_option = click.option(
    "--advise", is_flag=True,
    help="Train nothing, but say how to set it on DATA, from short trainings of a minute or two.",
)  # fmt: skip

_learning_curve_option = click.option(
    "--learning-curve", is_flag=True,
    help="Train on 25, 50 and 75 % of the pictures too, with equal operations, and say what twice "
    "the pictures would bring.",
)  # fmt: skip


def _advise(
    name: str, data: str, parameters: dict[str, Any], seed: int, others: dict[str, Any]
) -> None:
    """Say how to set a model, setting by setting."""
    from further.cli.listener import Listener
    from further.cli.result import write_json, write_table
    from further.compare.prediction.single import advise
    from further.report.numbers import significant

    silent = others["quiet"] or others["as_json"]
    with Listener(silent=silent) as listener:
        found = advise(
            name, data, parameters=parameters, seed=seed, on_event=listener, **loading(others)
        )
    if others["as_json"]:
        write_json({"model": name, "data": data, **found.to_json()})
    if silent:
        return
    write_table(("setting", "now", "advice"), [(s.name, s.value, s.advice) for s in found.settings])
    click.echo()
    rows = [
        (f"{s.name} {t.value}", _signed(t.difference), f"{_signed(t.low)} to {_signed(t.high)}",
         significant(t.gap), f"{t.seconds:.1f} s")
        for s in found.settings
        for t in s.trials
    ]  # fmt: skip
    write_table(("tried", f"{found.metric}", "interval", "gap", "time"), rows, numbers=4)
    click.echo(
        f"\nThe {found.metric} on held-out rows is {found.loss:.3g} as it is; below 0 is better. "
        "The gap is held-out less training loss."
    )
    for note in found.notes:
        click.echo(note)


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def _summary(cls: type) -> str:
    """Return what stands before the parameters in a class's docstring."""
    return inspect.cleandoc(cls.__doc__ or "").partition("\n\nParameters\n")[0]


@click.group(
    "train", cls=Models, epilog='"further train MODEL --help" shows the options of a model.'
)
def command() -> None:
    """Train one model on the training rows of DATA and judge it on the test rows."""
