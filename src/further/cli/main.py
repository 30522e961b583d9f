"""The command ``further``: its commands by name, and what becomes of errors.

Nothing heavy is imported here: a command's module is imported when it is called, and the help of
the group is written from the lines below.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from typing import NoReturn

import click

from further.errors import InputError, unknown
from further.registry import find_task

#: The sections of ``further --help``, with a line for each command; its module has its name,
#: with underscores for dashes.
SECTIONS: dict[str, dict[str, str]] = {
    "Ask": {
        "cluster": find_task("clustering").question,
        "compare": find_task("generation").question,
        "data": "What is recognised in this data, and what is doubtful?",
        "audit": "How often is a model wrong about whom?",
        "card": "What must this model not be used for, and who is accountable?",
        "audit-labels": "Which boxes in these pictures are likely wrong?",
        "doctor": "What do the learning curves of this training show?",
        "explain-net": "What is learnt in this network, and what does a step cost?",
    },
    "Train and use": {
        "train": "Train one model and evaluate it.",
        "evaluate": "Evaluate a trained model on held-out data, or on rows of your own.",
        "sample": "Generate pictures or rows with a trained model.",
        "impute": "Fill missing values of a table with a trained model.",
        "predict": "Say of new rows or pictures what a run says: cluster, class, number, objects.",
        "export": "Write a trained network for programs without torch.",
        "resume": "Resume an interrupted run.",
    },
    "Runs and models": {
        "report": "Write the report of a run.",
        "runs": "List or remove runs.",
        "carbon": "How much energy and greenhouse gas did runs take?",
        "models": "List the models.",
    },
}
COMMANDS = {name: line for section in SECTIONS.values() for name, line in section.items()}

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"further.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown name, suggest the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(unknown("command", args[0], list(COMMANDS)), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections of commands without importing them."""
        width = max(map(len, COMMANDS))
        for title, lines in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in lines.items()])


def _version(ctx: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        from further import __version__

        click.echo(f"further {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Options may also be written as budget=2e12. Exit status: 0 done, 2 wrong usage or "
    "input, 1 a failure of further, 130 interrupted.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Machine learning beyond regression and classification, with the evidence attached."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 wrong usage or input, 1 a failure, 130 interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.
    """
    if not sys.warnoptions:
        # What libraries warn of is not for whoever uses a command; -W shows it.
        warnings.simplefilter("ignore")
    try:
        status = cli.main(args=arguments, prog_name="further", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_refuse(_with_command(error)))
    except InputError as error:
        sys.exit(_refuse(str(error)))
    except Exception as error:  # whatever it is, it is ours: say so in one line
        sys.exit(_refuse(str(error)) if _is_parameter_error(error) else _fail(error))
    sys.exit(status if isinstance(status, int) else 0)


def _refuse(message: str) -> int:
    click.echo(f"further: {message}", err=True)
    return USAGE


def _with_command(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        near = [f'"{name}"' for name in (error.possibilities or [])[:1]]
        hint = f"; did you mean {near[0]}?" if near else "."
        message = f'There is no option "{error.option_name}"{hint}'
    else:
        message = " ".join(error.format_message().split())  # choices stand on lines of their own
    if not message.endswith((".", "?", "!")):
        message += "."
    context = getattr(error, "ctx", None)
    return f"{message} (see {context.command_path} --help)" if context is not None else message


def _is_parameter_error(error: Exception) -> bool:
    """Whether scikit-learn's validation of hyperparameters refused one."""
    if "sklearn" not in sys.modules:
        return False
    from further._sklearn import InvalidParameterError

    return isinstance(error, InvalidParameterError)


def _fail(error: Exception) -> int:
    """Keep the traceback of an error of ours in a file and name it."""
    import traceback

    text = "".join(traceback.format_exception(error))
    first = (str(error).strip() or "no message").splitlines()[0]
    message = (
        f"further: this is a failure of further, not of yours ({type(error).__name__}: {first})"
    )
    try:
        handle, path = tempfile.mkstemp(prefix="further-traceback-", suffix=".txt", text=True)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        click.echo(f"{message}:\n{text}", err=True)
    else:
        click.echo(f"{message}; the traceback is in {path}", err=True)
    return FAILURE
