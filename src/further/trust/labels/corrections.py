"""Accepted suspicions as corrections: of a copy of the labels, never of the labels themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.errors import InputError
from further.trust.labels.audit import Audit
from further.trust.labels.evidence import rows_of
from further.trust.labels.suspicion import Suspicion

Judged = TypeVar("Judged")


@dataclass(frozen=True)
class Decisions:
    """What a person decided about suspicions."""

    accepted: Annotated[tuple[int, ...], "Numbers of suspicions that are errors."] = ()
    rejected: Annotated[tuple[int, ...], "Numbers of those that are none."] = ()

    @property
    def confirmed(self) -> dict[int, bool]:
        """Whether there is an error, by number."""
        return dict.fromkeys(self.rejected, False) | dict.fromkeys(self.accepted, True)


def read_decisions(path: str | Path, audit: Audit) -> Decisions:
    """Read the file that the report of an audit lets one download.

    Parameters
    ----------
    path : path
        JSON with ``fingerprint``, ``accepted`` and ``rejected``.
    audit : Audit
        What was decided about.

    Returns
    -------
    Decisions
        By number.

    Raises
    ------
    InputError
        If it is no such file, is about other data, or says of a suspicion both.
    """
    remedy = "download it again from the report of the run"
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        accepted, rejected = (
            tuple(int(number) for number in found[key]) for key in ("accepted", "rejected")
        )
        fingerprint = found["fingerprint"]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'"{path}" cannot be read ({error}); {remedy}.') from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f'"{path}" is no file of decisions ({error!r}); {remedy}.') from error
    if fingerprint != audit.fingerprint:
        raise InputError(f'"{path}" decides about other data than those of the run; {remedy}.')
    numbers = {suspicion.number for suspicion in audit.suspicions}
    for number in (*accepted, *rejected):
        if number not in numbers:
            raise InputError(f'"{path}" names the suspicion {number}, which is unknown; {remedy}.')
    both = set(accepted) & set(rejected)
    if both:
        raise InputError(
            f'"{path}" both accepts and rejects the suspicion {min(both)}; choose one.'
        )
    return Decisions(accepted, rejected)


def corrected(dataset: Dataset, audit: Audit, accepted: Iterable[int]) -> Dataset:
    """Return a copy of the data with corrected labels.

    A missing label is added and a spurious one removed; a misplaced one gets the box of the
    prediction beside it, and a swapped one its class. The box of a prediction is as good as the
    detector: where it matters, draw it anew.

    Parameters
    ----------
    dataset : Dataset
        What was audited.
    audit : Audit
        The audit.
    accepted : iterable of int
        Numbers of the suspicions that are errors.

    Returns
    -------
    Dataset
        With boxes as target, and a note; pictures and official split are those of the original.

    Raises
    ------
    InputError
        If the data are not those that were audited, or a number is unknown.
    """
    if dataset.fingerprint != audit.fingerprint:
        raise InputError(
            f"{dataset.name} is not as it was when its labels were audited; audit it again."
        )
    by_number = {suspicion.number: suspicion for suspicion in audit.suspicions}
    wanted = sorted(set(accepted))
    for number in wanted:
        if number not in by_number:
            raise InputError(
                f"There is no suspicion {number}; the numbers go from 1 to {len(by_number)}."
            )
    chosen = [by_number[number] for number in wanted]
    target = None if dataset.target is None else dataset.target.seen_as("boxes")
    assert isinstance(target, Boxes)
    labels = _corrected(target, chosen)
    counts = {kind: sum(s.kind == kind for s in chosen) for kind in {s.kind for s in chosen}}
    told = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "none"
    note = f"Labels corrected after an audit: {told}."
    if target is not dataset.target:
        note += " They are boxes; the masks of the instances are left out."
    return replace(
        dataset, target=labels, name=f"{dataset.name} (corrected)", notes=(*dataset.notes, note)
    )


def _corrected(labels: Boxes, chosen: Iterable[Suspicion]) -> Boxes:
    codes, corners = labels.codes.copy(), labels.corners.copy()
    rows, keep = rows_of(labels), np.ones(len(codes), dtype=bool)
    added: list[tuple[int, int, tuple[float, ...]]] = []
    for suspicion in chosen:
        code = labels.names.index(suspicion.found_class) if suspicion.found_class else -1
        if suspicion.label is None:
            assert suspicion.found_box is not None
            added.append((suspicion.picture, code, suspicion.found_box))
            continue
        at = labels.of_row(suspicion.picture).start + suspicion.label
        if suspicion.kind == "swapped":
            codes[at] = code
        elif suspicion.kind == "misplaced" and suspicion.found_box is not None:
            corners[at] = suspicion.found_box
        else:
            keep[at] = False
    boxes = np.array([box for _, _, box in added], dtype=np.float32).reshape(-1, 4)
    row = np.concatenate([rows[keep], np.array([r for r, _, _ in added], dtype=np.int64)])
    order = np.argsort(row, kind="stable")
    every_code = np.concatenate([codes[keep], np.array([c for _, c, _ in added], dtype=np.int64)])
    return replace(
        labels,
        counts=np.bincount(row, minlength=len(labels.counts)).astype(np.int64),
        codes=every_code[order],
        corners=np.concatenate([corners[keep], boxes])[order],
        scores=None,
    )


@dataclass(frozen=True)
class BothLabels:
    """A figure on the official labels, and beside it on the corrected ones of the same pictures."""

    official: Annotated[object, "What is reported."]
    corrected: Annotated[object, "What stands beside it, never instead."]
    edited: Annotated[int, "Pictures whose labels differ."]

    @property
    def told(self) -> str:
        """Say both, the official one first."""
        return (
            f"{self.official} on the official labels ({self.corrected} where the labels of "
            f"{self.edited} pictures are corrected)."
        )


def judge_both(
    judge: Callable[[Boxes, Boxes], Judged], official: Boxes, edited: Boxes, predictions: Boxes
) -> BothLabels:
    """Judge predictions on the official labels and, beside it, on corrected ones.

    When to use: for test labels that an audit has corrected. When it fails: a model that helped to
    correct the labels is favoured by them; compare models on the official ones.

    Parameters
    ----------
    judge : callable
        Takes labels and predictions; returns a figure.
    official, edited : Boxes
        Labels of the same pictures.
    predictions : Boxes
        To be judged.

    Returns
    -------
    BothLabels
        Both figures, and in how many pictures the labels differ.

    Raises
    ------
    InputError
        If the labels are of different numbers of pictures.
    """
    if len(official.counts) != len(edited.counts):
        raise InputError(
            f"The official labels are of {len(official.counts)} pictures and the corrected ones of "
            f"{len(edited.counts)}; give the same pictures."
        )
    differs = sum(
        not _same(official, edited, official.of_row(row), edited.of_row(row))
        for row in range(len(official.counts))
    )
    return BothLabels(judge(official, predictions), judge(edited, predictions), differs)


def _same(a: Boxes, b: Boxes, of_a: slice, of_b: slice) -> bool:
    def listed(boxes: Boxes, part: slice) -> NDArray[np.float64]:
        rows = np.column_stack([boxes.codes[part], boxes.corners[part]])
        return rows[np.lexsort(rows.T)]

    return np.array_equal(listed(a, of_a), listed(b, of_b))
