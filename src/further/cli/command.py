"""What all commands share: ``key=value`` beside ``--key value``, common options, the record."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F")

_ASSIGNMENT = re.compile(r"^(?P<key>[A-Za-z][A-Za-z0-9_-]*)=(?P<value>.*)$", re.DOTALL)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
#: What changes where and how a result is shown, but not the result.
_PRESENTATION = ("out", "as_json", "quiet", "jobs", "training_examples")


class Command(click.Command):
    """A command that takes ``key=value`` for ``--key value``, and ``_`` for ``-`` in keys.

    Parameters
    ----------
    *args, **kwargs
        See :class:`click.Command`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        settings = kwargs.setdefault("context_settings", {})
        settings.setdefault("token_normalize_func", _dashes)
        super().__init__(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite ``key=value`` and parse as click does."""
        return super().parse_args(ctx, assignments(ctx, args))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if isinstance(option, click.Option) and record is not None:
                groups.setdefault(getattr(option, "group", "Options"), []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


def assignments(ctx: click.Context, args: list[str]) -> list[str]:
    """Return arguments with each ``key=value`` as ``--key=value``.

    The value of an option and the name of a file that exists stay as they are.

    Parameters
    ----------
    ctx : click.Context
        The call, whose command says what is an option.
    args : list of str
        As typed.

    Returns
    -------
    list of str
        As click reads them.

    Raises
    ------
    click.UsageError
        If a flag is given something other than true or false.
    """
    options = {
        _dashes(name.lstrip("-")): option
        for option in ctx.command.get_params(ctx)
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
    out: list[str] = []
    takes_next = False
    for position, arg in enumerate(args):
        if arg == "--":
            return [*out, *args[position:]]
        found = None if takes_next else _ASSIGNMENT.match(arg)
        if found is None or Path(arg).exists():
            out.append(arg)
            option = options.get(_dashes(arg.lstrip("-"))) if arg.startswith("-") else None
            takes_next = not takes_next and option is not None and not option.is_flag
            continue
        key = _dashes(found["key"])
        option = options.get(key)
        if option is None or not option.is_flag:
            long = len(key) > 1 or (option is not None and f"--{key}" in option.opts)
            out += [f"--{key}={found['value']}"] if long else [f"-{key}", found["value"]]
        else:
            out += _flag(option, found["key"], found["value"])
    return out


def _flag(option: click.Option, key: str, value: str) -> list[str]:
    if value.lower() not in _TRUE + _FALSE:
        raise click.UsageError(f"{key}={value} must be true or false.")
    # Some flags have one name, which says either yes (--json) or no (--unconditional).
    is_on = value.lower() in _TRUE
    names = option.opts
    if f"--{_dashes(key)}" in option.secondary_opts:
        is_on = not is_on
    if is_on:
        return [names[0]]
    return [option.secondary_opts[0]] if option.secondary_opts else []


def _dashes(name: str) -> str:
    return name.replace("_", "-")


def command_line() -> str:
    """Return the command that repeats the present one: what was given, not how it was shown."""
    ctx = click.get_current_context()
    words = ctx.command_path.split()
    for parameter in ctx.command.get_params(ctx):
        name = parameter.name or ""
        value = ctx.params.get(name)
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif (
            isinstance(parameter, click.Option)
            and _is_given(ctx, name)
            and name not in _PRESENTATION
        ):
            words += _written(parameter, value)
    return shlex.join(words)


def _written(option: click.Option, value: Any) -> list[str]:
    if option.is_flag:
        return [option.opts[0]] if value else option.secondary_opts[:1]
    if value is None:
        return [option.opts[0], "none"]
    text = ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return [option.opts[0], text]


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return a decorator that adds options, in this order."""

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True,
    help="Random seed; the same seed gives the same result.",
)  # fmt: skip
target_option = click.option(
    "--target", metavar="COLUMN", help='The label column of a table; "none" for no label.'
)
groups_option = click.option(
    "--groups", metavar="COLUMN",
    help="A column of a table whose equal values stay on one side of the split.",
)  # fmt: skip
epochs_option = click.option(
    "--epochs", type=click.IntRange(min=1), metavar="N",
    help='Passes over the training rows; short for --budget "N epochs".',
)  # fmt: skip
attributes_option = click.option(
    "--attributes", metavar="COLUMNS",
    help="Columns of a table, such as sex,race, that an audit sees and a model does not.",
)  # fmt: skip
DEVICES = ("auto", "cpu", "cuda", "mps")
device_option = click.option(
    "--device", type=click.Choice(DEVICES), default="auto", show_default=True,
    help="Where networks are computed; auto takes a GPU where there is one.",
)  # fmt: skip
header_option = click.option(
    "--header/--no-header", default=None,
    help="Whether the first line of a CSV file holds the names; detected by default.",
)  # fmt: skip
declared_options = with_options(
    click.option(
        "--categorical", metavar="COLUMNS",
        help="Columns of a table whose numbers are names of categories, such as region,shop_code.",
    ),
    click.option(
        "--numeric", metavar="COLUMNS",
        help="Columns of a table that hold numbers, although they look like codes, identifiers or "
        "words; what is no number in them is missing.",
    ),
    click.option(
        "--identifier", metavar="COLUMNS",
        help="Columns of a table that name the rows and are left out.",
    ),
    click.option(
        "--missing-values", metavar="VALUES",
        help="What stands for a missing value in a table, such as -999 or income=-1,income=-9, "
        "besides what is customary.",
    ),
)  # fmt: skip
picture_options = with_options(
    click.option(
        "--resize", metavar="SIZE",
        help="Side in pixels, or WIDTHxHEIGHT, to which pictures of mixed sizes are resized.",
    ),
    click.option(
        "--mapped", is_flag=True,
        help="Leave the pictures of a folder on the disk, in an array file under runs/arrays: for "
        "more pictures than fit into memory.",
    ),
    click.option(
        "--annotations", type=click.Choice(["boxes", "instances", "masks"]),
        help="What to read of objects in pictures; by default all that is known of them.",
    ),
    click.option(
        "--skip-bad", is_flag=True,
        help="Go on without the pictures and objects that are bad, and count them.",
    ),
)  # fmt: skip
reading_options = with_options(header_option, declared_options, picture_options)
loading_options = with_options(target_option, groups_option, attributes_option, reading_options)
unconditional_option = click.option(
    "--unconditional", is_flag=True, help="Do not condition the models on the class."
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="RUN",
    help="Folder of the run; default: a new one under runs.",
)  # fmt: skip
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write the result as JSON and nothing else."
)
quiet_option = click.option("--quiet", is_flag=True, help="Write nothing but errors.")
training_examples_option = click.option(
    "--training-examples/--no-training-examples", default=True,
    help="Show rows or pictures of the training set in the report, or leave them out so that it "
    "can be shared.",
)  # fmt: skip
#: How what a command found is shown; :func:`further.cli.result.show_result` reads them.
showing_options = with_options(json_option, quiet_option, training_examples_option)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N",
    help="Models trained at a time; default: as many as there are cores. It changes no result.",
)  # fmt: skip


def given_options(options: Iterable[click.Option]) -> dict[str, Any]:
    """Return the values of those options that stand on the command line, by their keys."""
    ctx = click.get_current_context()
    keys = (str(option.name) for option in options)
    return {key: ctx.params[key] for key in keys if _is_given(ctx, key)}


def budget_of_epochs(epochs: int) -> str:
    """Return the budget that ``--epochs`` stands for, such as "30 epochs".

    Raises
    ------
    click.UsageError
        If ``--budget`` is given too.
    """
    ctx = click.get_current_context()
    if _is_given(ctx, "budget"):
        raise click.UsageError(
            f'--epochs {epochs} means --budget "{epochs} epochs"; give one of the two.', ctx
        )
    return f"{epochs} epochs"


def _is_given(ctx: click.Context, key: str) -> bool:
    return ctx.get_parameter_source(key) is ParameterSource.COMMANDLINE


def split_names(text: str | None) -> list[str] | None:
    """Return the names in a text that separates them by commas; None where there are none."""
    return [name.strip() for name in (text or "").split(",") if name.strip()] or None


def loading(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of :func:`further.data.load` among those of a command."""
    plain = ("target", "groups", "header", "resize", "missing_values", "annotations")
    options = {name: given.get(name) for name in plain}
    for name in ("mapped", "skip_bad"):
        options[name] = given.get(name) or None
    for name in ("attributes", "categorical", "numeric", "identifier"):
        options[name] = split_names(given.get(name))
    if options["resize"] is not None and options["resize"].isdigit():
        options["resize"] = int(options["resize"])
    return {name: value for name, value in options.items() if value is not None}
