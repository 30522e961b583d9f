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
        with formatter.section("Models"):
            formatter.write_dl([(line.name, line.label) for line in models_for(command="train")])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called."""
        formatter.write_usage(ctx.command_path, "MODEL DATA [OPTIONS]")


def _model_command(name: str) -> click.Command:
    """Return the command that trains a model, its options read from the estimator."""
    from further.cli.options import SETTING, model_options, training_options

    cls = find_model(name).load()
    options = [*model_options(cls), *training_options(cls)]
    epochs_options = [epochs_option] if "budget" in inspect.signature(cls).parameters else []

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
        told = {"conditional": False} if unconditional else {}
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


def _summary(cls: type) -> str:
    """Return what stands before the parameters in a class's docstring."""
    return inspect.cleandoc(cls.__doc__ or "").partition("\n\nParameters\n")[0]


@click.group(
    "train", cls=Models, epilog='"further train MODEL --help" shows the options of a model.'
)
def command() -> None:
    """Train one model on the training rows of DATA and judge it on the test rows."""
