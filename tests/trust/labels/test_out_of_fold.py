from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from further.data import Dataset
from further.data.target import Boxes
from further.errors import InputError
from further.train.run import Run
from further.trust.labels.out_of_fold import fold_of, out_of_fold, read_boxes, write_boxes
from labelled_boxes import boxes_of

FITTED: list[set[int]] = []


class Recalls(BaseEstimator):
    """A detector whose score is 1 in pictures that it has seen, and else 0.5.

    It writes the number of a picture, its grey value, into the boxes.
    """

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: Dataset, run: Any = None, callbacks: Any = ()) -> Recalls:
        assert X.official_split is None
        self.seen_ = set(X.values[:, 0, 0, 0].tolist())
        FITTED.append(self.seen_)
        if run is not None:
            Run.create(run, data={"fingerprint": X.fingerprint})
        return self

    def predict(self, X: Dataset, threshold: float) -> Boxes:
        assert threshold == 0
        numbers = X.values[:, 0, 0, 0].tolist()
        rows = [[(0, np.array([n, 0, n + 5, 5]))] * (n % 3) for n in numbers]
        return boxes_of(
            rows, [0.5 + 0.5 * (n in self.seen_) for n in numbers for _ in range(n % 3)]
        )


@pytest.fixture
def dataset() -> Dataset:
    values = np.tile(np.arange(12, dtype=np.uint8)[:, None, None, None], (1, 1, 8, 8))
    boxes = boxes_of([[(0, np.array([0, 0, 4, 4]))]] * 12)
    split = np.array(["train"] * 6 + ["test"] * 6)
    return Dataset("grey", "images", values, target=boxes, official_split=split)


def test_every_picture_is_predicted_by_one_that_never_saw_it(dataset: Dataset):
    found = out_of_fold(Recalls(), dataset, folds=3)
    assert found.counts.tolist() == [n % 3 for n in range(12)]
    assert found.corners[:, 0].tolist() == [n for n in range(12) for _ in range(n % 3)]
    assert set(found.scores.tolist()) == {0.5}


def test_groups_stay_together(dataset: Dataset):
    groups = np.repeat(["a", "b", "c", "d"], 3)
    fold = fold_of(replace(dataset, groups=groups), 2, 0)
    assert all(len(set(fold[groups == name])) == 1 for name in groups)
    assert set(fold) == {0, 1}


def test_the_seed_decides_the_folds(dataset: Dataset):
    np.testing.assert_array_equal(fold_of(dataset, 3, 4), fold_of(dataset, 3, 4))
    assert (fold_of(dataset, 3, 4) != fold_of(dataset, 3, 5)).any()


def test_finished_folds_are_read_and_others_trained(dataset: Dataset, tmp_path: Path):
    FITTED.clear()
    whole = out_of_fold(Recalls(), dataset, 3, run=tmp_path)
    (tmp_path / "models" / "fold_1" / "predictions.npz").unlink()
    again = out_of_fold(Recalls(), dataset, 3, run=tmp_path)
    assert len(FITTED) == 4
    np.testing.assert_array_equal(again.corners, whole.corners)
    with pytest.raises(InputError, match="other pictures, labels or folds"):
        out_of_fold(Recalls(), dataset, 3, seed=1, run=tmp_path)


def test_boxes_come_back_from_a_file(tmp_path: Path):
    boxes = boxes_of([[(1, np.array([1, 2, 3, 4]))], []], [0.25])
    found = read_boxes(write_boxes(tmp_path / "boxes.npz", boxes))
    assert found.fingerprint() == boxes.fingerprint()


@pytest.mark.parametrize("folds", [1, 13])
def test_too_few_or_too_many_folds_are_refused(dataset: Dataset, folds: int):
    with pytest.raises(InputError, match="choose 2 to 12 folds"):
        out_of_fold(Recalls(), dataset, folds)


def test_more_folds_than_groups_are_refused(dataset: Dataset):
    grouped = replace(dataset, groups=np.repeat([0, 1], 6))
    with pytest.raises(InputError, match="2 groups of pictures"):
        out_of_fold(Recalls(), grouped, 3)
