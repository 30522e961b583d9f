"""``further carbon RUN…``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json, write_table

if TYPE_CHECKING:
    from further.trust.carbon.carbon import Carbon

#: How many cheaper models are shown; --json has all of them.
_SHOWN = 6
#: How many benchmarks are shown, those that are nearest.
_BENCHMARKS = 3


@click.command("carbon", cls=Command)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@with_options(
    click.option(
        "--country", metavar="CODE",
        help="Where the machine stands: an ISO 3166 code such as FRA, or an English name.  "
        "[default: the world's average]",
    ),
    click.option(
        "--year", type=int, metavar="YEAR", help="Year of the grid.  [default: the latest known]"
    ),
    json_option,
    quiet_option,
)  # fmt: skip
def command(
    runs: tuple[Path, ...], country: str | None, year: int | None, as_json: bool, quiet: bool
) -> None:
    """Add up what RUNS took: processor time, energy and greenhouse gas.

    Energy is measured where the processor or the GPU counts it, and otherwise estimated within a
    range. For a comparison it says, too, what a cheaper model would have lost in quality.
    """
    from further.trust.carbon.carbon import carbon

    found = carbon(runs, country=country, year=year)
    if as_json:
        write_json(found.to_json())
    elif not quiet:
        _show(found)


def _show(found: Carbon) -> None:
    from further.report.cost import in_range
    from further.report.numbers import duration, significant

    energy, (grams, _, _) = found.energy, found.grams()
    fits = sum(one.fits for one in found.runs)
    click.echo(f"{duration(energy.cpu_seconds)} of processor time in {fits} fit{'s' * (fits != 1)}")
    click.echo(f"{in_range(energy)} Wh, {energy.method or 'nothing was fitted'}")
    click.echo(
        f"{in_range(energy, grams)} g of CO₂ equivalent at {significant(found.grid.g_per_kwh)} g "
        f"per kWh: {found.grid.told}"
    )
    near = sorted(
        (one for one in found.equivalents if one.share), key=lambda one: abs(math.log(one.share))
    )
    for one in near[:_BENCHMARKS]:
        click.echo(f"  {one.sentence} (Strubell et al. 2019)")
    if len(found.runs) > 1:
        click.echo()
        write_table(
            ["run", "what", "processor time", "Wh", "g CO₂e"],
            [
                [
                    str(one.run), one.what, duration(one.energy.cpu_seconds),
                    in_range(one.energy), in_range(one.energy, found.grams(one.energy)[0]),
                ]
                for one in found.runs
            ],
        )  # fmt: skip
    if found.cheaper:
        click.echo("\nWhat a cheaper model would have lost:")
        for cheaper in found.cheaper[:_SHOWN]:
            click.echo(f"  {cheaper.sentence}")
    click.echo()
    for note in found.notes:
        click.echo(f"note: {note}")
