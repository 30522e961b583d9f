"""Several trainings of one model as one: mean figures, and flags that any of them raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from further.compare.generation.member import read_member, read_scores
from further.evaluate.estimate import Score
from further.evaluate.generation.flags import flags
from further.evaluate.metrics import METRICS
from further.evaluate.record import Figure, ModelRecord, SeedSpread
from further.evaluate.repeats import mean_over_trainings, measured_score


@dataclass(frozen=True)
class Training:
    """One training of a model, as its run has it.

    Attributes
    ----------
    record : ModelRecord
        Its figures.
    scores : dict of str to Score
        The same with the draws behind them, where they are defined.
    """

    record: ModelRecord
    scores: dict[str, Score]


def read_training(folder: Path) -> Training:
    """Return what a member left in its run."""
    record = read_member(folder)
    return Training(record, read_scores(folder, record.metrics))


def mean_scores(trainings: Sequence[Training]) -> dict[str, Score]:
    """Return each metric over the trainings of one model, and the energy that they took.

    Energy has no rows to be resampled: with one training there is no interval, and no score.
    """
    names = [name for name in trainings[0].scores if all(name in t.scores for t in trainings)]
    found = {name: mean_over_trainings([t.scores[name] for t in trainings]) for name in names}
    record = trainings[0].record
    energy = [t.record.energy_wh for t in trainings if t.record.energy_wh is not None]
    if record.family == "network" and len(energy) > 1:
        method = f"{record.energy_method}; mean of {len(energy)} trainings"
        found["energy_wh"] = measured_score(energy, len(energy), method)
    return found


def mean_record(trainings: Sequence[Training], scores: Mapping[str, Score]) -> ModelRecord:
    """Return the entry of a model: its figures over all trainings, what it is from the first.

    Parameters
    ----------
    trainings : sequence of Training
        Those of one model.
    scores : mapping of Score
        From :func:`mean_scores`.

    Returns
    -------
    ModelRecord
        Without flags.
    """
    first = trainings[0].record
    if len(trainings) == 1:
        return first
    metrics = dict(first.metrics)
    for name, score in scores.items():
        least, most = METRICS[name].range
        value, low, high = score.value, score.estimate.low, score.estimate.high
        if low is not None and high is not None:
            low = low if least is None else min(max(low, least), value)
            high = high if most is None else max(min(high, most), value)
        metrics[name] = replace(
            metrics.get(name, Figure()),
            value=value, low=low, high=high, n=score.estimate.n, method=score.estimate.method,
        )  # fmt: skip
    return replace(
        first,
        seconds=_mean([t.record.seconds for t in trainings]),
        energy_wh=_mean([t.record.energy_wh for t in trainings]),
        carbon_g=_mean([t.record.carbon_g for t in trainings]),
        metrics=metrics,
        across_seeds={name: _spread(trainings, name) for name in scores},
    )


def flags_of(
    trainings: Sequence[Training],
    scores: Mapping[str, Score],
    real: Mapping[str, float | None],
    control: Mapping[str, Score] | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the flags that any training raises, and those that the mean raises.

    A model that collapses with one seed of three is a model that collapses.

    Parameters
    ----------
    trainings : sequence of Training
        Those of one model.
    scores : mapping of Score
        Over all of them.
    real : mapping of float
        What held-out rows score.
    control : mapping of Score, optional
        The simple control's, over all its trainings.

    Returns
    -------
    flags, notes : tuple of str
        Names, and a sentence for each.
    """
    raised: dict[str, list[str]] = {}
    for training in trainings:
        for name, sentence in zip(*flags(training.scores, real), strict=True):
            raised.setdefault(name, []).append(sentence)
    notes = {
        name: said[0] if len(said) == len(trainings) else
        f"{said[0]} This holds in {len(said)} of {len(trainings)} trainings."
        for name, said in raised.items()
    }  # fmt: skip
    if control is not None:
        distance = {name: score for name, score in scores.items() if name == "kernel_distance"}
        notes |= dict(zip(*flags(distance, real, control), strict=True))
    return tuple(notes), tuple(notes.values())


def _spread(trainings: Sequence[Training], name: str) -> SeedSpread:
    """Return a figure of each training, with the t-interval of their mean."""
    values = [t.record.value(name) for t in trainings]
    found = measured_score([v for v in values if v is not None], len(values), "")
    return SeedSpread(
        tuple(v for v in values if v is not None),
        found.value, found.estimate.low, found.estimate.high,
    )  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
