"""Which pictures of a folder are data, and which class and part each has."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from further.data import load
from further.errors import InputError


def draw(folder, n=4, prefix=""):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        pixels = np.random.default_rng([i, *str(folder).encode()]).integers(0, 256, (6, 5))
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{prefix}{i}.png")


@pytest.fixture
def classes(tmp_path):
    for name in ("cat", "dog"):
        draw(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    "place",
    [
        "cat/.ipynb_checkpoints", ".thumbnails", "dog/__MACOSX/deep/deeper", "__MACOSX/cat",
        "@eaDir/cat", "dog/.cache/x",
    ],
)  # fmt: skip
def test_hidden_pictures_are_left_out_counted_and_said(classes, place):
    before = load(classes).fingerprint
    draw(classes / place, 3)
    (classes / "cat" / "Thumbs.db").write_bytes(b"\0")
    dataset = load(classes)
    assert dataset.fingerprint == before
    hidden = next(part for part in place.split("/") if part[0] in "._@")
    assert any("3 hidden pictures are left out" in n and hidden in n for n in dataset.notes)


def test_files_of_another_system_are_hidden(classes):
    (classes / "cat" / "._0.png").write_bytes(b"\0\5\x16\7")
    dataset = load(classes)
    assert len(dataset) == 8
    assert any("1 hidden pictures are left out" in note for note in dataset.notes)


def test_a_hidden_folder_can_be_asked_for(tmp_path):
    draw(tmp_path / ".cache" / "pictures")
    assert len(load(tmp_path / ".cache" / "pictures")) == 4
    with pytest.raises(InputError, match="no pictures but hidden ones"):
        load(tmp_path)


def test_train_with_classes_beside_a_loose_test(tmp_path):
    for name in ("cat", "dog"):
        draw(tmp_path / "train" / name)
    draw(tmp_path / "test", 5)
    (tmp_path / "sample_submission.csv").write_text("id,label\n0,cat\n")
    dataset = load(tmp_path)
    assert dataset.classes.names == ("cat", "dog")
    assert (len(dataset), dataset.official_split) == (8, None)
    assert '"test" is left out: its 5 pictures lie in no class folder.' in dataset.notes


def test_a_loose_test_leaves_the_validation_part(tmp_path):
    for part in ("train", "valid"):
        for name in ("cat", "dog"):
            draw(tmp_path / part / name)
    draw(tmp_path / "test", 5)
    dataset = load(tmp_path)
    assert set(dataset.official_split) == {"train", "validation"}
    assert dataset.classes.counts().tolist() == [8, 8]


def test_a_class_that_training_lacks_is_left_out_and_said(tmp_path):
    for name in ("cat", "dog"):
        draw(tmp_path / "train" / name)
        draw(tmp_path / "test" / name)
    draw(tmp_path / "test" / "fox", 2)
    dataset = load(tmp_path)
    assert (dataset.classes.names, len(dataset)) == (("cat", "dog"), 16)
    assert any('2 pictures of "test" are left out' in n and '"fox"' in n for n in dataset.notes)


def test_a_test_folder_with_one_folder_for_all_has_no_classes(tmp_path):
    for name in ("cat", "dog"):
        draw(tmp_path / "train" / name)
    draw(tmp_path / "test" / "unknown", 6)
    dataset = load(tmp_path)
    assert (len(dataset), dataset.official_split) == (8, None)


def test_loose_files_beside_train_are_said(tmp_path):
    for name in ("cat", "dog"):
        draw(tmp_path / "train" / name)
    draw(tmp_path, 2, prefix="preview")
    dataset = load(tmp_path)
    assert (len(dataset), dataset.classes.names) == (8, ("cat", "dog"))
    assert any("2 pictures beside these folders have no class" in n for n in dataset.notes)


def test_loose_files_within_train_are_refused(tmp_path):
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            draw(tmp_path / part / name)
    draw(tmp_path / "train", 1, prefix="stray")
    with pytest.raises(InputError, match=r"train has 1 pictures beside its class folders \(stray0"):
        load(tmp_path)


def test_a_split_without_classes_stays_one(tmp_path):
    draw(tmp_path / "train", 10)
    draw(tmp_path / "test", 4)
    dataset = load(tmp_path)
    assert dataset.classes is None
    assert dataset.official_split.tolist() == ["test"] * 4 + ["train"] * 10


def test_a_train_is_a_class_where_nothing_else_is_a_split(tmp_path):
    for name in ("car", "plane", "train"):
        draw(tmp_path / name)
    dataset = load(tmp_path)
    assert dataset.classes.names == ("car", "plane", "train")
    assert any('"train" is read as a class' in note for note in dataset.notes)


def test_folders_below_a_class_count_as_it_and_it_is_said(classes):
    draw(classes / "dog" / "poodle", 3)
    dataset = load(classes)
    assert dataset.classes.counts().tolist() == [4, 7]
    assert any('below a class counts as that class: "poodle"' in n for n in dataset.notes)


def test_folders_without_pictures_are_said(classes):
    (classes / "bird").mkdir()
    dataset = load(classes)
    assert dataset.classes.names == ("cat", "dog")
    assert 'Folders without pictures are ignored: "bird".' in dataset.notes


def test_one_class_folder_is_no_class(tmp_path):
    draw(tmp_path / "cat")
    dataset = load(tmp_path)
    assert dataset.classes is None
    assert 'All pictures lie in "cat".' in dataset.notes


def test_one_class_in_every_part_is_said(tmp_path):
    for part in ("train", "test"):
        draw(tmp_path / part / "cat")
    dataset = load(tmp_path)
    assert dataset.classes is None
    assert set(dataset.official_split) == {"train", "test"}
    assert 'All pictures are of one class, "cat".' in dataset.notes


def test_a_class_of_few_pictures_is_said_and_so_is_what_the_split_does(classes):
    draw(classes / "axolotl", 1)
    draw(classes / "newt", 2)
    dataset = load(classes)
    assert (
        'Too few rows for training, validation and test sets: "axolotl" (1), "newt" (2).'
        in dataset.notes
    )
    assert dataset.split().method == (
        '60/20/20 stratified by class; no validation or test row of "axolotl", "newt"'
    )


def test_folders_that_lost_their_labels(cases):
    hidden = load(cases / "generation" / "A_checkpoints")
    assert len(hidden) == 87
    assert any("90 hidden pictures" in note for note in hidden.notes)
    kaggle = load(cases / "generation" / "B_kaggle")
    assert (len(kaggle), len(kaggle.classes.names)) == (90, 3)
    assert any('"test" is left out' in note for note in kaggle.notes)
    unbalanced = load(cases / "generation" / "H_unbalanced")
    assert any('"c3" (1), "c2" (2)' in note for note in unbalanced.notes)
