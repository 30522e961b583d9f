"""``further cluster DATA``."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from further.cli.command import (
    Command,
    assignments,
    command_line,
    given_options,
    loading,
    out_option,
    reading_options,
    seed_option,
    showing_options,
    split_names,
    target_option,
    with_options,
)
from further.registry import ModelEntry, find_model, models_for

if TYPE_CHECKING:
    from further.cli.options import Grouped

_OPTIONS = "further.cli.cluster.options"


class ClusterCommand(Command):
    """Takes, beside its own options, the hyperparameters of the method that ``--method`` names."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return its own options, and those of the method once that is known."""
        return [*super().get_params(ctx), *ctx.meta.get(_OPTIONS, [])]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the method among the arguments first, then parse with its options."""
        parser = self.make_parser(ctx)
        parser.ignore_unknown_options = True
        method = parser.parse_args(assignments(ctx, args))[0].get("method")
        if isinstance(method, str):
            ctx.meta[_OPTIONS] = self._options_of(find_model(method, "clustering"))
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            owners = [
                line.name
                for line in models_for("clustering")
                if any(error.option_name in option.opts for option in self._options_of(line))
            ]
            if not owners:
                raise
            text = f"{error.option_name} is a hyperparameter of {', '.join(owners)}"
            if not isinstance(method, str):
                raise click.UsageError(f"{text}; name the method with --method.", ctx) from error
            own = [option.opts[0] for option in ctx.meta[_OPTIONS]]
            near = get_close_matches(error.option_name, own, n=1, cutoff=0.75)
            hint = f"did you mean {near[0]}?" if near else f"that has {', '.join(own)}."
            raise click.UsageError(f"{text}, not of {method}; {hint}", ctx) from error

    def _options_of(self, line: ModelEntry) -> list[Grouped]:
        from further.cli.options import method_options

        return method_options(line.load(), line.name, [str(own.name) for own in self.params])


_SCALES = ("auto", "standard", "robust", "none")


@click.command(
    "cluster", cls=ClusterCommand,
    epilog='"further cluster --method NAME --help" shows the hyperparameters of a method too.',
)  # fmt: skip
@click.argument("data")
@click.option(
    "--k", type=click.IntRange(min=1), metavar="N",
    help="Number of clusters; default: chosen by the data, which may also say that there are none.",
)  # fmt: skip
@click.option(
    "--k-max", type=click.IntRange(min=2), default=10, show_default=True, metavar="N",
    help="The most clusters that are tried.",
)  # fmt: skip
@click.option(
    "--method", metavar="NAME",
    help='Clustering method; "further models" lists the names. Default: kmeans for numbers, '
    "kprototypes for numbers and categories, kmodes for categories.",
)  # fmt: skip
@click.option(
    "--distance", metavar="NAME",
    help="Distance between rows: euclidean, manhattan, cosine, great_circle, jaccard, gower, ...",
)  # fmt: skip
@click.option(
    "--columns", metavar="NAMES",
    help="Columns to cluster by, with commas between them; default: all that can be used.",
)  # fmt: skip
@click.option(
    "--scale", type=click.Choice(_SCALES), default="auto", show_default=True,
    help="How columns of numbers are made comparable.",
)  # fmt: skip
@with_options(seed_option, target_option, reading_options, out_option, showing_options)
@click.pass_context
def command(
    ctx: click.Context,
    data: str,
    k: int | None,
    k_max: int,
    method: str | None,
    distance: str | None,
    columns: str | None,
    scale: str,
    seed: int,
    out: Path | None,
    **others: Any,
) -> None:
    """Find clusters in the rows of DATA and say how far they can be trusted.

    DATA is a CSV or Parquet file, or a name such as iris. Decides and says what each column is,
    chooses the number of clusters or finds that there are none, compares other methods, and writes
    assignments.csv and a report.
    """
    from further.cli.options import HYPERPARAMETER
    from further.cli.result import show_result
    from further.compare.clustering.clustering import cluster_table
    from further.compare.source import default_folder

    given = {
        key.removeprefix(HYPERPARAMETER): value
        for key, value in given_options(ctx.meta.get(_OPTIONS, [])).items()
    }
    run = out or default_folder("cluster", data)
    show_result(
        lambda listener: cluster_table(
            data, k=k, method=method, hyperparameters=given, distance=distance,
            columns=split_names(columns), scale=scale, k_max=k_max, seed=seed, out=run,
            on_event=listener, command=command_line(), **loading(others),
        ),
        run,
    )  # fmt: skip
