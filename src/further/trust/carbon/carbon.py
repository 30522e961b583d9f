r"""How much energy and greenhouse gas runs took, and what less would have cost in quality.

The carbon of runs with the energies :math:`E_i` in kWh, on a grid that emits :math:`g` grams of CO2
equivalent for a kWh, is

.. math:: C = g \sum_i E_i, \qquad C_{\text{low}} = g \sum_i E_{i, \text{low}}, \qquad
   C_{\text{high}} = g \sum_i E_{i, \text{high}}.

The ends are added and not combined as independent errors: what is not known of a machine, its watts
a core, is the same in all of its runs. Two runs are ranked only where their ranges do not overlap.

What is left out: the judging of models, the manufacture of the machine, and what was tried before
the runs that are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from further.errors import InputError
from further.evaluate.typed_json import to_json
from further.train.energy import Energy
from further.train.power.design_power import RANGE_TOLD
from further.train.power.grid import Grid, find_grid
from further.trust.carbon.benchmarks import Equivalent, equivalents
from further.trust.carbon.cheaper import Cheaper, cheaper_models
from further.trust.carbon.spent import Spent, read_spent, total

if TYPE_CHECKING:
    import pandas as pd

_NOT_COUNTED = (
    "Counted are fits; judging models, making the machine and what was tried before are not."
)


@dataclass(frozen=True)
class Carbon:
    """The energy and the carbon of runs.

    Attributes
    ----------
    energy : Energy
        Of all of them, with its range, its method and the processor time.
    grid : Grid
        What a kilowatt-hour stands for, where and when.
    runs : tuple of Spent
        One by one, as they were given.
    equivalents : tuple of Equivalent
        Beside the benchmarks of Strubell et al. 2019.
    cheaper : tuple of Cheaper
        Of the comparisons among the runs, the models that took less than the best one.
    notes : tuple of str
        What is not counted, and what cannot be ranked.
    """

    energy: Energy
    grid: Grid
    runs: tuple[Spent, ...]
    equivalents: tuple[Equivalent, ...]
    cheaper: tuple[Cheaper, ...]
    notes: tuple[str, ...]

    def grams(self, energy: Energy | None = None) -> tuple[float, float, float]:
        """Return grams of CO2 equivalent of an energy, with both ends of their range.

        Parameters
        ----------
        energy : Energy, optional
            Default: of all runs.

        Returns
        -------
        value, low, high : float
            On this grid.
        """
        energy = self.energy if energy is None else energy
        value, low, high = (
            wh / 1000 * self.grid.g_per_kwh for wh in (energy.watt_hours, *energy.range)
        )
        return value, low, high

    def _entries(self, energy: Energy) -> dict[str, Any]:
        value, low, high = self.grams(energy)
        return {
            "cpu_seconds": energy.cpu_seconds,
            "energy_wh": energy.watt_hours, "low": energy.range[0], "high": energy.range[1],
            "carbon_g": value, "carbon_low": low, "carbon_high": high,
            "method": energy.method,
        }  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON; energies in Wh, carbon in grams of CO2 equivalent."""
        grid = self.grid
        return {
            **self._entries(self.energy),
            "grid": {
                "country": grid.code or None, "name": grid.country or None, "year": grid.year,
                "g_per_kwh": grid.g_per_kwh, "source": grid.source, "licence": grid.licence or None,
            },
            "runs": [
                {
                    "run": str(one.run), "what": one.what, "fits": one.fits,
                    **self._entries(one.energy),
                    "less_than": [
                        str(other.run) for other in self.runs if one.energy.is_below(other.energy)
                    ],
                }
                for one in self.runs
            ],
            "equivalents": to_json(self.equivalents),
            "cheaper": [{**to_json(one), "run": str(one.run)} for one in self.cheaper],
            "notes": list(self.notes),
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Return a row a run."""
        import pandas as pd

        return pd.DataFrame(self.to_json()["runs"]).set_index("run")


def carbon(
    runs: str | Path | Sequence[str | Path],
    *,
    country: str | None = None,
    year: int | None = None,
) -> Carbon:
    """Add up what runs took, in energy and in greenhouse gas.

    Use it to say what a result cost, and whether a cheaper model would have done. It fails to know
    the machine: where no counter was read the energy is an estimate within a wide range, and only
    processor time compares two runs; and what ran outside of further is not in it.

    Parameters
    ----------
    runs : path or sequence of path
        Folders of runs: of single fits, comparisons or audits. What two of them share is counted
        once.
    country : str, optional
        Where the machine stands: an ISO 3166 code such as "FRA", or an English name. Default: that
        of the environment variable ``FURTHER_COUNTRY``, else the world's average.
    year : int, optional
        Of the grid. Default: the latest in the table.

    Returns
    -------
    Carbon
        With ranges, the grid, benchmarks, and what cheaper models would have lost.

    Raises
    ------
    InputError
        If there is no run, or no such country or year.

    Examples
    --------
    >>> import tempfile
    >>> from further.train.run import Run
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> run = Run.create(folder, model="mlp", energy_wh=1000.0, energy_method="measured")
    >>> run.update(status="finished")
    >>> found = carbon(folder, country="FRA", year=2023)
    >>> found.grams()[0], found.grid.told
    (56.0, 'France 2023 (Our World in Data, from Ember and the Energy Institute)')
    """
    paths = [runs] if isinstance(runs, str | Path) else list(runs)
    if not paths:
        raise InputError('There is no run to add up; name one, as "further runs" lists them.')
    grid = find_grid(country, year)
    counted: set[Path] = set()
    found = tuple(read_spent(path, counted) for path in paths)
    energy = total([one.energy for one in found])
    cheaper: list[Cheaper] = []
    notes = [note for one in found for note in one.notes]
    for one in found:
        models, why = cheaper_models(one.run)
        cheaper += models
        notes += why
    if energy.cpu_seconds is None:
        notes.append("Of some fits no processor time is recorded, so that of all is not known.")
    if energy.is_estimate:
        notes.append(f"The energy is an estimate; {RANGE_TOLD}.")
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :] if a.fits and b.fits]
    if any(a.energy.overlaps(b.energy) for a, b in pairs):
        notes.append(
            "Runs whose ranges overlap are not ranked by energy; on one machine, and without a "
            "GPU, compare their processor times."
        )
    if any(one.by != "energy" for one in cheaper):
        notes.append(
            "Models are compared by processor time, which was measured on one machine, where the "
            "ranges of their energies overlap."
        )
    notes.append(_NOT_COUNTED)
    made = Carbon(energy, grid, found, (), tuple(cheaper), tuple(dict.fromkeys(notes)))
    return Carbon(**{**vars(made), "equivalents": equivalents(*made.grams())})
