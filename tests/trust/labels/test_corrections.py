from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from further.data import Dataset
from further.errors import InputError
from further.trust.labels.audit import Audit
from further.trust.labels.corrections import corrected, judge_both, read_decisions
from further.trust.labels.suspicion import Suspicion
from labelled_boxes import boxes_of


def dataset() -> Dataset:
    boxes = boxes_of([
        [(0, np.array([0, 0, 4, 4])), (1, np.array([5, 5, 9, 9]))],
        [(1, np.array([1, 1, 3, 3]))],
        [],
    ])  # fmt: skip
    return Dataset("toy", "images", np.zeros((3, 1, 10, 10), dtype=np.uint8), target=boxes)


def audit() -> Audit:
    found = {"found_class": "disc", "found_box": (1.0, 1.0, 5.0, 5.0), "score": 0.9}
    units = (
        Suspicion(1, "swapped", 0.9, 0, label=0, given_class="ring", **found),
        Suspicion(2, "misplaced", 0.8, 0, label=1, given_class="disc", **found),
        Suspicion(3, "spurious", 0.7, 1, label=0, given_class="disc"),
        Suspicion(4, "missing", 0.6, 2, **found),
    )
    return Audit("toy", dataset().fingerprint, 3, 3, 0, units, (1, 2, 3, 4))


def test_each_kind_is_corrected_in_a_copy():
    given = dataset()
    before = given.fingerprint
    new = corrected(given, audit(), [4, 3, 2, 1])
    assert new.target.counts.tolist() == [2, 0, 1]
    assert new.target.codes.tolist() == [1, 1, 1]
    assert new.target.corners.tolist() == [[0, 0, 4, 4], [1, 1, 5, 5], [1, 1, 5, 5]]
    assert given.fingerprint == before
    assert "1 misplaced, 1 missing, 1 spurious, 1 swapped" in new.notes[-1]


def test_nothing_accepted_changes_no_label():
    new = corrected(dataset(), audit(), [])
    np.testing.assert_array_equal(new.target.corners, dataset().target.corners)


def test_other_data_and_unknown_numbers_are_refused():
    other = replace(dataset(), values=np.ones((3, 1, 10, 10), dtype=np.uint8))
    with pytest.raises(InputError, match="audit it again"):
        corrected(other, audit(), [1])
    with pytest.raises(InputError, match="no suspicion 7"):
        corrected(dataset(), audit(), [7])


def test_both_figures_are_told_the_official_one_first():
    official = dataset().target
    edited = corrected(dataset(), audit(), [3]).target
    both = judge_both(lambda labels, found: len(labels.codes), official, edited, official)
    assert (both.official, both.corrected, both.edited) == (3, 2, 1)
    assert both.told.startswith("3 on the official labels (2 where")
    with pytest.raises(InputError, match="the same pictures"):
        judge_both(len, official, official.take(np.array([0])), official)


def decisions(folder: Path, **changed: object) -> Path:
    file = folder / "decisions.json"
    content = {"fingerprint": dataset().fingerprint, "accepted": [1], "rejected": [2, 3]}
    file.write_text(json.dumps(content | changed))
    return file


def test_decisions_are_read(tmp_path: Path):
    found = read_decisions(decisions(tmp_path), audit())
    assert found.confirmed == {1: True, 2: False, 3: False}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fingerprint": "x"}, "other data"),
        ({"accepted": [1, 99]}, "99, which is unknown"),
        ({"accepted": [1, 2]}, "both accepts and rejects the suspicion 2; choose one"),
        ({"accepted": "many"}, "no file of decisions"),
        ({"rejected": None}, "no file of decisions"),
    ],
)
def test_a_wrong_file_is_refused_with_a_remedy(tmp_path: Path, changed, message: str):
    with pytest.raises(InputError, match=message):
        read_decisions(decisions(tmp_path, **changed), audit())


def test_what_is_no_json_is_refused(tmp_path: Path):
    file = tmp_path / "decisions.json"
    for content in (b"[1, 2]", b"{", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="download it again"):
            read_decisions(file, audit())
