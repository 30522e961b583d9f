from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from further.errors import InputError
from further.evaluate.typed_json import from_json
from further.trust.labels.audit import Audit, audit_labels
from further.trust.labels.evidence import overlaps, weigh
from further.trust.labels.simulated import simulate
from labelled_boxes import Labelled, boxes_of, labelled, without_scores


@pytest.fixture(scope="module")
def case() -> Labelled:
    return labelled()


@pytest.fixture(scope="module")
def audit(case: Labelled) -> Audit:
    return audit_labels(case.dataset, case.predictions)


def places(case: Labelled, kinds: tuple[str, ...]) -> set[tuple[int, str]]:
    return {(row, kind) for kind in kinds for row, _ in case.errors[kind]}


def test_the_errors_come_first_with_their_kinds(case: Labelled, audit: Audit):
    n = sum(map(len, case.errors.values()))
    top = {(s.picture, s.kind) for s in audit.suspicions[:n]}
    wrong = places(case, tuple(case.errors))
    # Each of them is in another picture.
    assert {row for row, _ in top} == {row for row, _ in wrong}
    # What is spurious or swapped at a border of the two may be taken for the other.
    assert len(top & wrong) >= n - 5


def test_a_suspicion_says_where(case: Labelled, audit: Audit):
    for row, box in case.errors["missing"]:
        found = next(s for s in audit.suspicions if s.picture == row and s.kind == "missing")
        assert overlaps(np.float32([found.found_box]), np.float32([box]))[0][0, 0] > 0.7
        assert found.label is None
    for row, box in case.errors["swapped"]:
        found = next(s for s in audit.suspicions if s.picture == row and s.label is not None)
        np.testing.assert_allclose(found.given_box, box, atol=0.06)
        assert {found.given_class, found.found_class} == {"ring", "disc"}


def test_correct_labels_are_not_likely_wrong(case: Labelled, audit: Audit):
    wrong = {row for errors in case.errors.values() for row, _ in errors}
    others = [s.probability for s in audit.suspicions if s.picture not in wrong]
    assert len(others) > 300
    assert np.mean(np.array(others) < 0.1) > 0.98


def test_every_label_is_ranked_once(case: Labelled, audit: Audit):
    ranked = [(s.picture, s.label) for s in audit.suspicions if s.label is not None]
    assert len(ranked) == len(set(ranked)) == audit.labels == len(case.dataset.target.codes)
    assert [s.number for s in audit.suspicions] == list(range(1, len(audit.suspicions) + 1))
    falling = [s.probability for s in audit.suspicions]
    assert falling == sorted(falling, reverse=True)


def test_it_goes_through_json_and_a_table(audit: Audit):
    assert from_json(Audit, json.loads(json.dumps(audit.to_json()))) == audit
    frame = audit.to_frame()
    assert len(frame) == len(audit.suspicions)
    assert set(frame["number"][frame["drawn"]]) == set(audit.sample)


def test_the_same_seed_gives_the_same_audit(case: Labelled, audit: Audit):
    assert audit_labels(case.dataset, case.predictions) == audit


def test_an_unchanged_place_is_not_reported_twice(audit: Audit):
    """A moved label leaves a prediction without one: that is one suspicion."""
    seen = [(s.picture, s.found_box) for s in audit.suspicions[:20] if s.found_box is not None]
    assert len(seen) == len(set(seen))


def test_one_class_and_pictures_without_labels_or_predictions(case: Labelled):
    labels, found = case.dataset.target, case.predictions
    keep = np.flatnonzero(np.arange(60) % 2)
    empty = replace(labels, counts=np.r_[labels.counts[keep], 0], names=("thing",))
    row = np.r_[np.repeat(np.arange(60), labels.counts)]
    inside = np.isin(row, keep)
    empty = replace(empty, codes=0 * labels.codes[inside], corners=labels.corners[inside])
    dataset = case.dataset.take(np.r_[keep, 0])
    dataset = replace(dataset, target=empty)
    seen = found.take(np.r_[keep, 0])
    seen = replace(seen, codes=0 * seen.codes, names=("thing",))
    audit = audit_labels(dataset, seen)
    assert audit.likely()["swapped"] == 0
    # All nine objects of the picture without labels are missing.
    missing = [s for s in audit.suspicions if s.picture == 30 and s.score > 0.5]
    assert len(missing) == 9
    nothing = boxes_of([[] for _ in range(31)], [])
    assert len(audit_labels(dataset, replace(nothing, names=("thing",))).suspicions) == len(
        empty.codes
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, p: (replace(d, target=None), p), "no boxes"),
        (lambda d, p: (d, without_scores(p)), "no scores"),
        (lambda d, p: (d, p.take(np.arange(5))), "5 pictures"),
        (lambda d, p: (d, replace(p, names=("a", "b"))), "the classes a, b"),
    ],
)
def test_what_cannot_be_audited_is_refused(case: Labelled, change, message: str):
    with pytest.raises(InputError, match=message):
        audit_labels(*change(case.dataset, case.predictions))


def test_evidence_of_one_picture_by_hand():
    """Two labels: one predicted at an IoU of 1/3, one not at all; one prediction elsewhere."""
    labels = boxes_of([[(0, np.array([0, 0, 10, 10])), (1, np.array([50, 50, 60, 60]))]])
    found = boxes_of(
        [[(0, np.array([5, 0, 15, 10])), (1, np.array([80, 0, 90, 10]))]], [0.9, 0.6]
    )  # fmt: skip
    evidence = weigh(labels, found, np.array([[100, 100]]))
    assert evidence.partner.tolist() == [0, -1]
    np.testing.assert_allclose(evidence.of_labels[:, 2], [0.9 / 3, 0], atol=1e-6)
    assert evidence.candidates.tolist() == [0, 1]
    np.testing.assert_allclose(evidence.of_candidates[:, 1:3], [[0.9, 1 / 3], [0.6, 0]], atol=1e-6)


def test_simulated_errors_are_what_they_are_called(case: Labelled):
    labels = case.dataset.target
    made = simulate(labels, np.full((60, 2), 120), 0.2, 3)
    n = len(labels.codes)
    assert made.labels.counts.sum() == len(made.kinds) == len(made.labels.codes)
    for kind in ("misplaced", "swapped"):
        assert 0.14 * n < np.sum(made.kinds == kind) < 0.26 * n
    assert 0.14 * n < len(made.missing.codes) < 0.26 * n
    for row in range(60):
        given, now = labels.of_row(row), made.labels.of_row(row)
        iou, _ = overlaps(labels.corners[given], made.labels.corners[now])
        same = labels.codes[given][:, None] == made.labels.codes[now]
        for j, kind in enumerate(made.kinds[now]):
            best = iou[:, j].max()
            if kind == "":
                assert (iou[:, j] * same[:, j]).max() > 0.999
            elif kind == "swapped":
                assert best > 0.999
                assert not same[iou[:, j].argmax(), j]
            elif kind == "misplaced":
                assert 0.1 < best < 0.99
            else:
                assert best < 0.25
