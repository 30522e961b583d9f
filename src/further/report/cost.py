"""What the trainings took: time, energy and carbon, with the method and the grid they assume."""

from __future__ import annotations

from functools import reduce
from operator import add

from further.evaluate.record import ModelRecord
from further.report.chart import chart, columns
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, as_number, duration, fixed, significant
from further.report.run_folder import RunFolder, mapping
from further.train.energy import Energy
from further.train.power.design_power import RANGE_TOLD


def cost(run: RunFolder) -> Markup | None:
    """Draw what each training took and tell what all of them did."""
    known = [
        model
        for model in run.models
        if any(spent is not None for spent in (model.seconds, model.energy_wh, model.carbon_g))
    ]
    if not known:
        return None
    energies = {model.name: energy_of(model) for model in known}
    measured = all(e is not None and e.cpu_seconds is not None for e in energies.values())
    unit = "seconds of processor time" if measured else "seconds"
    bars = [
        (model.label, value, duration(value))
        for model in known
        if (value := _cpu_seconds(energies[model.name]) if measured else model.seconds) is not None
    ]
    figure = chart(
        {"mark": "bars", "data": columns(("label", "value", "text"), bars)},
        title=f"Training, in {unit}",
        description=f"Training of each model in {unit}: "
        + ", ".join(f"{label} {text}" for label, _, text in bars),
        head=("Model", "Processor time", "Time", "Energy, Wh", "Carbon, g CO₂e", "Operations"),
        rows=[
            (
                model.label,
                duration(_cpu_seconds(energies[model.name])),
                duration(model.seconds),
                in_range(energies[model.name]),
                in_range(energies[model.name], model.carbon_g),
                significant(model.training_flops, 2),
            )
            for model in known
        ],
    )
    spent = [energy for energy in energies.values() if energy is not None]
    carbons = [model.carbon_g for model in known if model.carbon_g is not None]
    told = in_words(
        run,
        "All trainings" if len(known) > 1 else "The training",
        sum(model.seconds or 0.0 for model in known),
        reduce(add, spent) if spent else None,
        sum(carbons) if carbons else None,
    )
    return join((figure, tag("p", told)))


def energy_of(model: ModelRecord) -> Energy | None:
    """Return the energy of a training; the range of one that an older version recorded is added."""
    return Energy.from_json(vars(model))


def _cpu_seconds(energy: Energy | None) -> float | None:
    return None if energy is None else energy.cpu_seconds


def in_range(energy: Energy | None, amount: float | None = None) -> str:
    """Write an energy with the range in which it lies.

    Parameters
    ----------
    energy : Energy or None
        What was measured or estimated.
    amount : float, optional
        Another amount that is proportional to it, such as its carbon. Default: its watt-hours.

    Returns
    -------
    str
        The amount alone where it was measured; a dash where it is not known.
    """
    if energy is None:
        return MISSING
    amount = energy.watt_hours if amount is None else amount
    low, high = energy.range
    value = significant(amount, 2)
    if low == high or not energy.watt_hours:
        return value
    low, high = (end * amount / energy.watt_hours for end in (low, high))
    return f"{value} ({significant(low, 2)} to {significant(high, 2)})"


def in_words(
    run: RunFolder, what: str, seconds: float | None, energy: Energy | None, carbon: float | None
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
    energy : Energy or None
        With its range and the processor time.
    carbon : float or None
        In grams of CO₂ equivalent.

    Returns
    -------
    str
        One to three sentences.
    """
    told = [f"{what} took {duration(seconds)}"]
    if energy is not None:
        if energy.cpu_seconds is not None:
            told[0] = (
                f"{what} took {duration(energy.cpu_seconds)} of processor time, "
                f"{duration(seconds)} by the clock"
            )
        told[0] += f" and {in_range(energy)} Wh"
        if carbon is not None:
            told[0] += f", which is {in_range(energy, carbon)} g of CO₂ equivalent"
    recorded = mapping(run.recorded("energy"))
    grid = as_number(recorded.get("grid_g_per_kwh"))
    if recorded.get("method"):
        told.append(f"Energy is {recorded['method']}")
        if energy is not None and energy.is_estimate:
            told.append(f"{RANGE_TOLD[0].upper()}{RANGE_TOLD[1:]}")
    if grid is not None:
        source = f": {recorded['grid_source']}" if recorded.get("grid_source") else ""
        told.append(f"Carbon by the grid's {fixed(grid, 0)} g per kWh{source}")
    return " ".join(f"{sentence.strip().rstrip('.')}." for sentence in told)
