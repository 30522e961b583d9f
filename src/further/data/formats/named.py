"""Data sets that come along, most of them with scikit-learn, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from further.data.dataset import Dataset, as_dataset
from further.data.formats.scenes import load_scenes
from further.data.target import Classes

DIGITS_LEVELS = 17


def load_named(name: str) -> Dataset:
    """Return an embedded data set: one of :data:`NAMES`."""
    return dataclasses.replace(NAMES[name](name), name=name, source=name)


def _digits(name: str) -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Dataset(
        name=name,
        kind="images",
        values=bunch.images[:, None].astype(np.uint8),
        target=_classes_of(bunch, "digit"),
        levels=DIGITS_LEVELS,
        notes=("digits: 1797 pictures of 1x8x8 with 17 grey levels, 10 classes.",),
    )


def _classes(name: str) -> Dataset:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    target = bunch.target.rename("class").map(dict(enumerate(bunch.target_names)))
    dataset = as_dataset(bunch.data, target, name=name)
    # scikit-learn's order of the classes, not that of the alphabet.
    return dataclasses.replace(
        dataset,
        target=_classes_of(bunch, "class"),
        notes=(*dataset.notes, f"{name}: the label is the class."),
    )


def _classes_of(bunch: Any, name: str) -> Classes:
    codes = np.asarray(bunch.target, dtype=np.int64)
    return Classes(name, codes, tuple(str(value) for value in bunch.target_names))


def _diabetes(name: str) -> Dataset:
    from sklearn.datasets import load_diabetes

    # Unscaled, so that what is generated reads as age, sex and blood pressure.
    frame = load_diabetes(as_frame=True, scaled=False).frame
    dataset = as_dataset(frame.rename(columns={"target": "progression"}), name=name)
    note = "diabetes: the target is a quantity, so it is a column (progression) and not a label."
    return dataclasses.replace(dataset, notes=(*dataset.notes, note))


def _linnerud(name: str) -> Dataset:
    from sklearn.datasets import load_linnerud

    dataset = as_dataset(load_linnerud(as_frame=True).frame, name=name)
    note = "linnerud: 20 men, 3 exercises and 3 measurements; there are no classes."
    return dataclasses.replace(dataset, notes=(*dataset.notes, note))


NAMES: dict[str, Callable[[str], Any]] = {
    "digits": _digits,
    "iris": _classes,
    "wine": _classes,
    "breast_cancer": _classes,
    "diabetes": _diabetes,
    "linnerud": _linnerud,
    "scenes": load_scenes,
}
