"""What the trainings took: time, energy and carbon, with the method and the grid they assume."""

from __future__ import annotations

from further.report.chart import chart, columns
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, duration, fixed, significant
from further.report.run_folder import RunFolder, mapping


def cost(run: RunFolder) -> Markup | None:
    """Draw what each training took and tell what all of them did."""
    known = [
        model
        for model in run.models
        if any(spent is not None for spent in (model.seconds, model.energy_wh, model.carbon_g))
    ]
    if not known:
        return None
    energies = [model.energy_wh for model in known if model.energy_wh is not None]
    carbons = [model.carbon_g for model in known if model.carbon_g is not None]
    unit = "watt-hours" if energies else "seconds"
    bars = [
        (model.label, value, significant(value, 2))
        for model in known
        if (value := model.energy_wh if energies else model.seconds) is not None
    ]
    figure = chart(
        {"mark": "bars", "data": columns(("label", "value", "text"), bars)},
        title=f"Training, in {unit}",
        description=f"Training of each model in {unit}: "
        + ", ".join(f"{label} {text}" for label, _, text in bars),
        head=("Model", "Time", "Energy, Wh", "Carbon, g CO₂e", "Operations"),
        rows=[
            (
                model.label,
                duration(model.seconds),
                significant(model.energy_wh, 2),
                significant(model.carbon_g, 2),
                significant(model.training_flops, 2),
            )
            for model in known
        ],
    )
    told = in_words(
        run,
        "All trainings" if len(known) > 1 else "The training",
        sum(model.seconds or 0.0 for model in known),
        sum(energies) if energies else None,
        sum(carbons) if carbons else None,
    )
    return join((figure, tag("p", told)))


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
    recorded = mapping(run.recorded("energy"))
    grid = as_number(recorded.get("grid_g_per_kwh"))
    if recorded.get("method"):
        told.append(f"Energy is {recorded['method']}")
    if grid is not None:
        source = f": {recorded['grid_source']}" if recorded.get("grid_source") else ""
        told.append(f"Carbon by the grid's {fixed(grid, 0)} g per kWh{source}")
    return " ".join(f"{sentence.strip().rstrip('.')}." for sentence in told)
