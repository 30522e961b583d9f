"""What the trainings took: time, energy and carbon, with the method and the grid they assume."""

from __future__ import annotations

from dataclasses import dataclass

from further.report.chart import chart, columns
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, duration, fixed, significant
from further.report.run_folder import ModelRun, RunFolder, mapping


@dataclass(frozen=True)
class _Cost:
    label: str
    seconds: float | None
    energy: float | None
    carbon: float | None
    operations: float | None

    @property
    def known(self) -> bool:
        return any(value is not None for value in (self.seconds, self.energy, self.carbon))


def cost(run: RunFolder) -> Markup | None:
    """Draw what each training took and tell what all of them did."""
    costs = [spent for model in run.models if (spent := _cost_of(model)).known]
    if not costs:
        return None
    has_energy = any(spent.energy is not None for spent in costs)
    unit = "watt-hours" if has_energy else "seconds"
    bars = [
        (spent.label, value)
        for spent in costs
        if (value := spent.energy if has_energy else spent.seconds) is not None
    ]
    figure = chart(
        {
            "mark": "bars",
            "data": columns(
                label=[label for label, _ in bars],
                value=[value for _, value in bars],
                text=[significant(value, 2) for _, value in bars],
            ),
        },
        title=f"Training, in {unit}",
        description=f"Training of each model in {unit}: "
        + ", ".join(f"{label} {significant(value, 2)}" for label, value in bars),
        head=("Model", "Time", "Energy, Wh", "Carbon, g CO₂e", "Operations"),
        rows=[
            (
                spent.label,
                duration(spent.seconds),
                significant(spent.energy, 2),
                significant(spent.carbon, 2),
                significant(spent.operations, 2),
            )
            for spent in costs
        ],
    )
    return join((figure, tag("p", _of_all(run, costs))))


def _cost_of(model: ModelRun) -> _Cost:
    return _Cost(model.label, model.seconds, model.energy_wh, model.carbon_g, model.training_flops)


def _of_all(run: RunFolder, costs: list[_Cost]) -> str:
    energies = [spent.energy for spent in costs if spent.energy is not None]
    carbons = [spent.carbon for spent in costs if spent.carbon is not None]
    return in_words(
        run,
        "All trainings" if len(costs) > 1 else "The training",
        sum(spent.seconds or 0.0 for spent in costs),
        sum(energies) if energies else None,
        sum(carbons) if carbons else None,
    )


def in_words(
    run: RunFolder, what: str, seconds: float | None, energy: float | None, carbon: float | None
) -> str:
    """Say what something took, how its energy is known and which grid its carbon assumes.

    Parameters
    ----------
    run : RunFolder
        It records how energy is known.
    what : str
        The subject of the sentence.
    seconds : float or None
        The time it took.
    energy : float or None
        In watt-hours.
    carbon : float or None
        In grams of CO₂ equivalent.

    Returns
    -------
    str
        One to three sentences.
    """
    told = [f"{what} took {duration(seconds)}"]
    if energy is not None:
        told[0] += f" and {significant(energy, 2)} Wh"
    if carbon is not None:
        told[0] += f", which is {significant(carbon, 2)} g of CO₂ equivalent"
    recorded = mapping(run.evaluation.get("energy") or run.run.get("energy"))
    grid = as_number(recorded.get("grid_g_per_kwh"))
    if recorded.get("method"):
        told.append(f"Energy is {recorded['method']}")
    if grid is not None:
        source = f": {recorded['grid_source']}" if recorded.get("grid_source") else ""
        told.append(f"Carbon by the grid's {fixed(grid, 0)} g per kWh{source}")
    return " ".join(f"{sentence.strip().rstrip('.')}." for sentence in told)
