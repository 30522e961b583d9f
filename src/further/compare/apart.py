"""How models differ from the best of them, on the same held-out rows."""

from __future__ import annotations

from collections.abc import Mapping

from further.evaluate.equivalence import practical_difference
from further.evaluate.estimate import Score
from further.evaluate.record import Apart, Measured
from further.evaluate.repeats import difference
from further.evaluate.typed_json import from_json


def apart_from(
    best: str,
    model: str,
    scores: Mapping[str, Mapping[str, Score]],
    metric: str,
    margin: float | None = None,
) -> Apart:
    """Return how a model differs from the best one in a metric.

    Parameters
    ----------
    best, model : str
        Names.
    scores : mapping of mapping of Score
        By model and metric, with the draws that pair them.
    metric : str
        What decides.
    margin : float, optional
        The largest difference that is negligible.

    Returns
    -------
    Apart
        A tie with itself; the probabilities only where there is a margin.
    """
    if model == best:
        return Apart(model, Measured(0.0), True)
    own, of_best = scores[model][metric], scores[best][metric]
    found = difference(own, of_best)
    practical = None if margin is None else practical_difference(own, of_best, margin)
    return Apart(
        model,
        from_json(Measured, found.to_dict()),
        found.contains_zero,
        None if practical is None else practical.above,
        None if practical is None else practical.within,
    )


def signed(value: float | None) -> str:
    """Return a difference as it stands in a sentence, with the sign of a minus."""
    return "undefined" if value is None else f"{value:.2g}".replace("-", "−")
