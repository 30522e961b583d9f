"""Several trainings of one model as one: mean figures, and flags that any of them raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from further.compare.scores import read_scores
from further.evaluate.estimate import Score
from further.evaluate.generation.flags import flags
from further.evaluate.metrics import METRICS
from further.evaluate.record import Figure, MemberEvaluation, ModelRecord, SeedSpread
from further.evaluate.repeats import mean_over_trainings, measured_score
from further.evaluate.typed_json import from_json
from further.train.files import read_json

#: What each training took, of which a mean is told.
SPENT = ("seconds", "cpu_seconds", "energy_wh", "energy_low_wh", "energy_high_wh", "carbon_g")


class Trainings:
    """The trainings of one model, as their runs have them.

    Parameters
    ----------
    folders : sequence of Path
        The runs, at least one.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._records = [
            from_json(MemberEvaluation, read_json(folder / "evaluation.json")).model
            for folder in folders
        ]
        self._scores = [
            read_scores(folder, record.metrics)
            for folder, record in zip(folders, self._records, strict=True)
        ]

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Each metric over the trainings, with paired draws, and the energy that they took.

        Energy has no rows to be resampled: with one training there is no interval, and no score.
        """
        first, record = self._scores[0], self._records[0]
        found = {
            name: mean_over_trainings([scores[name] for scores in self._scores])
            for name in first
            if all(name in scores for scores in self._scores)
        }
        energy = _known([record.energy_wh for record in self._records])
        if record.family == "network" and len(energy) > 1:
            method = f"{record.energy_method}; mean of {len(energy)} trainings"
            found["energy_wh"] = measured_score(energy, len(energy), method)
        return found

    @property
    def record(self) -> ModelRecord:
        """The entry of the model, without flags: what it is, from the first, and mean figures."""
        records = self._records
        if len(records) == 1:
            return records[0]
        metrics = dict(records[0].metrics)
        for name, score in self.scores.items():
            least, most = METRICS[name].range
            value, low, high = score.value, score.estimate.low, score.estimate.high
            if low is not None and high is not None:
                low = low if least is None else min(max(low, least), value)
                high = high if most is None else max(min(high, most), value)
            metrics[name] = replace(
                metrics.get(name, Figure()),
                value=value, low=low, high=high, n=score.estimate.n, method=score.estimate.method,
            )  # fmt: skip
        spent: dict[str, Any] = {n: _mean([getattr(r, n) for r in records]) for n in SPENT}
        return replace(
            records[0],
            **spent,
            metrics=metrics,
            across_seeds={name: self._spread(name) for name in self.scores},
        )

    def flags(
        self, real: Mapping[str, float | None], control: Mapping[str, Score] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the flags that any training raises, and those that the mean raises.

        A model that collapses with one seed of three is a model that collapses.

        Parameters
        ----------
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
        for scores in self._scores:
            for name, sentence in zip(*flags(scores, real), strict=True):
                raised.setdefault(name, []).append(sentence)
        total = len(self._scores)
        notes = {
            name: said[0] if len(said) == total else
            f"{said[0]} This holds in {len(said)} of {total} trainings."
            for name, said in raised.items()
        }  # fmt: skip
        if control is not None:
            distance = {n: score for n, score in self.scores.items() if n == "kernel_distance"}
            notes |= dict(zip(*flags(distance, real, control), strict=True))
        return tuple(notes), tuple(notes.values())

    def _spread(self, name: str) -> SeedSpread:
        """Return a figure of each training, with the t-interval of their mean."""
        values = _known([record.value(name) for record in self._records])
        found = measured_score(values, len(self._records), "").estimate
        return SeedSpread(tuple(values), found.value, found.low, found.high)


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None
