"""The audit: all labels, and all places without one, ranked by how likely they are wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.errors import InputError
from further.evaluate.typed_json import to_json
from further.trust.labels.evidence import Evidence, Floats, overlaps
from further.trust.labels.likelihood import OF_LABELS, SIMULATED_RATE, quotients
from further.trust.labels.share import Share, draw, estimate_share
from further.trust.labels.simulated import KINDS, Kind
from further.trust.labels.suspicion import Corners, Suspicion
from further.vision.pictures import picture_sizes

#: The share of labels that is taken to have an error of each kind, before any evidence.
PRIOR = 0.01
#: Suspicions that are checked at random, by which the share of wrong labels is estimated.
CHECKED = 100
#: What a suspicion is called likely from.
LIKELY = 0.5
#: A prediction that overlaps a label by less is of another object.
TOUCHES = 0.1
#: Labels that an audit should have.
FEW = 300


@dataclass(frozen=True)
class Audit:
    """What an audit of labels found.

    When to use: :func:`audit_labels` makes it. When it fails: what neither a label nor a prediction
    shows is in no row of it.
    """

    data: Annotated[str, "Name of the data."] = ""
    fingerprint: Annotated[str, "Of the data."] = ""
    pictures: Annotated[int, "How many."] = 0
    labels: Annotated[int, "How many."] = 0
    seed: Annotated[int, "Of simulation and sample."] = 0
    suspicions: Annotated[tuple[Suspicion, ...], "All labels and candidates, ranked."] = ()
    sample: Annotated[tuple[int, ...], "Numbers drawn at random, to be checked."] = ()
    notes: Annotated[tuple[str, ...], "What to know of it."] = ()

    def likely(self) -> dict[Kind, int]:
        """Return how many suspicions of each kind have a probability of a half or more."""
        found = Counter(s.kind for s in self.suspicions if s.probability >= LIKELY)
        return {kind: found[kind] for kind in KINDS}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each label and each candidate, ranked; boxes in four columns."""
        rows = []
        for suspicion in self.suspicions:
            row = asdict(suspicion)
            for box in ("given_box", "found_box"):
                corners = row.pop(box) or (None,) * 4
                sides = ("left", "top", "right", "bottom")
                row |= {f"{box}_{s}": c for s, c in zip(sides, corners, strict=True)}
            rows.append(row)
        frame = pd.DataFrame(rows)
        frame["drawn"] = frame["number"].isin(self.sample)
        return frame

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        found: dict[str, Any] = to_json(self)
        return found

    def estimate(self, confirmed: Mapping[int, bool]) -> Share:
        """Return the share of wrong labels, by those drawn at random that a person has checked.

        Parameters
        ----------
        confirmed : mapping of int to bool
            By the number of a suspicion: whether there is an error. Those that were not drawn
            count for nothing: a look at the top alone says nothing of the rest.

        Returns
        -------
        Share
            With a 95 % interval; see :mod:`further.trust.labels.share`.

        Raises
        ------
        InputError
            If none of those drawn is among them, or a number is unknown.
        """
        unknown = sorted(set(confirmed) - {s.number for s in self.suspicions})
        if unknown:
            raise InputError(
                f"There is no suspicion {unknown[0]}; the numbers go from 1 to "
                f"{len(self.suspicions)}."
            )
        drawn = {number: confirmed[number] for number in self.sample if number in confirmed}
        if not drawn:
            raise InputError(
                "None of the suspicions that were drawn at random is confirmed or rejected; check "
                f"some of them, such as {', '.join(map(str, self.sample[:5]))}."
            )
        probabilities = np.array([s.probability for s in self.suspicions])
        missing = np.array([s.label is None for s in self.suspicions])
        return estimate_share(probabilities, missing, self.labels, drawn)


def audit_labels(
    dataset: Dataset, predictions: Boxes, *, seed: int = 0, checked: int = CHECKED
) -> Audit:
    """Rank labels, and places without one, by how likely they are wrong.

    When to use: with predictions of :func:`~further.trust.labels.out_of_fold.out_of_fold`, on some
    hundred labels or more. When it fails: an error that is made everywhere in the same way is
    learnt and not found; a detector that finds little accuses little; predictions of pictures
    that the detector was trained on repeat the errors.

    Parameters
    ----------
    dataset : Dataset
        Pictures with boxes.
    predictions : Boxes
        For the same pictures, with scores.
    seed : int, default=0
        Of the simulated errors, and of what is drawn to be checked.
    checked : int, default=100
        How many to draw.

    Returns
    -------
    Audit
        The ranking.

    Raises
    ------
    InputError
        If there are no labels, or the predictions have no scores, other classes, or are of other
        pictures.
    """
    labels = _boxes(dataset, predictions)
    evidence, of_labels, of_candidates = quotients(
        labels, predictions, picture_sizes(dataset), seed
    )
    scale = PRIOR / SIMULATED_RATE
    probability, kinds = _probabilities(of_labels * scale)
    missing, _ = _probabilities(of_candidates[:, None] * scale)
    units = [
        *_of_labels(dataset, labels, predictions, evidence, probability, kinds),
        *_of_candidates(dataset, labels, predictions, evidence, missing),
    ]
    units = _one_a_place(units)
    units.sort(key=lambda unit: -unit.probability)
    ranked = tuple(replace(unit, number=i) for i, unit in enumerate(units, 1))
    drawn = draw(
        np.array([unit.probability for unit in ranked]),
        np.array([unit.label is None for unit in ranked]), checked, seed,
    )  # fmt: skip
    return Audit(
        dataset.name, dataset.fingerprint, len(dataset), len(labels.codes), seed, ranked,
        tuple(int(i) + 1 for i in drawn), _notes(labels),
    )  # fmt: skip


def _boxes(dataset: Dataset, predictions: Boxes) -> Boxes:
    labels = None if dataset.target is None else dataset.target.seen_as("boxes")
    if not isinstance(labels, Boxes) or not len(labels.codes):
        raise InputError(f"{dataset.name} has no boxes to be audited; give pictures with labels.")
    if predictions.scores is None:
        raise InputError("The predictions have no scores; give what predict returned.")
    if len(predictions.counts) != len(dataset) or predictions.names != labels.names:
        raise InputError(
            f"The predictions are of {len(predictions.counts)} pictures and the classes "
            f"{', '.join(predictions.names)}, but {dataset.name} has {len(dataset)} pictures and "
            f"the classes {', '.join(labels.names)}; predict the same pictures."
        )
    return labels


def _notes(labels: Boxes) -> tuple[str, ...]:
    n = len(labels.codes)
    rough = f"There are {n} labels; with fewer than {FEW} the ranking is rough."
    return (rough,) if n < FEW else ()


def _probabilities(odds: Floats) -> tuple[Floats, np.ndarray]:
    """Return the probability of any error, and which is the most likely one."""
    total = odds.sum(axis=1)
    return total / (1 + total), odds.argmax(axis=1)


def _corners(box: np.ndarray) -> Corners:
    left, top, right, bottom = (round(float(side), 1) for side in box)
    return left, top, right, bottom


def _file(dataset: Dataset, row: int) -> str:
    return "" if dataset.files is None else str(dataset.files[row])


def _found(predictions: Boxes, i: int) -> dict[str, Any]:
    assert predictions.scores is not None
    return {
        "found_class": predictions.names[predictions.codes[i]],
        "found_box": _corners(predictions.corners[i]),
        "score": round(float(predictions.scores[i]), 4),
    }


def _of_labels(
    dataset: Dataset,
    labels: Boxes,
    predictions: Boxes,
    evidence: Evidence,
    probability: Floats,
    kinds: np.ndarray,
) -> list[Suspicion]:
    starts = np.cumsum(labels.counts) - labels.counts
    units = []
    for j, row in enumerate(evidence.label_rows):
        partner = int(evidence.partner[j])
        found: dict[str, Any] = {}
        overlap = 0.0
        if partner >= 0:
            iou, _ = overlaps(labels.corners[j][None], predictions.corners[partner][None])
            overlap = round(float(iou[0, 0]), 4)
        if overlap >= TOUCHES:
            found = {**_found(predictions, partner), "overlap": overlap}
        unit = Suspicion(
            # Where there is no prediction it can neither lie elsewhere nor be another one.
            kind=OF_LABELS[kinds[j]] if found else "spurious",
            probability=float(probability[j]), picture=int(row),
            file=_file(dataset, row), label=int(j - starts[row]),
            given_class=labels.names[labels.codes[j]], given_box=_corners(labels.corners[j]),
            **found,
        )  # fmt: skip
        units.append(unit)
    return units


def _of_candidates(
    dataset: Dataset,
    labels: Boxes,
    predictions: Boxes,
    evidence: Evidence,
    probability: Floats,
) -> list[Suspicion]:
    return [
        Suspicion(
            kind="missing", probability=float(p), picture=int(row), file=_file(dataset, row),
            **_found(predictions, int(i)),
        )
        for i, row, p in zip(
            evidence.candidates, evidence.candidate_rows, probability, strict=True
        )
    ]  # fmt: skip


def _one_a_place(units: list[Suspicion]) -> list[Suspicion]:
    """Leave out what is missing where a label is more suspicious because of the same prediction."""
    accused = {
        (unit.picture, unit.found_box): unit.probability
        for unit in units
        if unit.label is not None and unit.found_box is not None
    }
    return [
        unit
        for unit in units
        if unit.label is not None
        or unit.found_box is None
        or accused.get((unit.picture, unit.found_box), -1.0) < unit.probability
    ]
