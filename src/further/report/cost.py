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
    return join((figure, tag("p", _in_words(run, costs))))


def _cost_of(model: ModelRun) -> _Cost:
    keys = ("seconds", "energy_wh", "carbon_g", "training_flops")
    seconds, energy, carbon, operations = (as_number(model.entry.get(key)) for key in keys)
    return _Cost(model.label, seconds, energy, carbon, operations)


def _in_words(run: RunFolder, costs: list[_Cost]) -> str:
    seconds = sum(spent.seconds or 0.0 for spent in costs)
    told = [f"{'All trainings' if len(costs) > 1 else 'The training'} took {duration(seconds)}"]
    if any(spent.energy is not None for spent in costs):
        told[0] += f" and {significant(sum(spent.energy or 0.0 for spent in costs), 2)} Wh"
    if any(spent.carbon is not None for spent in costs):
        grams = significant(sum(spent.carbon or 0.0 for spent in costs), 2)
        told[0] += f", which is {grams} g of CO₂ equivalent"
    energy = mapping(run.evaluation.get("energy") or run.run.get("energy"))
    grid = as_number(energy.get("grid_g_per_kwh"))
    if energy.get("method"):
        told.append(f"Energy is {energy['method']}")
    if grid is not None:
        source = f": {energy['grid_source']}" if energy.get("grid_source") else ""
        told.append(f"Carbon by the grid's {fixed(grid, 0)} g per kWh{source}")
    return " ".join(f"{sentence.strip().rstrip('.')}." for sentence in told)
