"""Tiny runs as the real writer leaves them, each made once a session and shared by its workers.

A test that changes a run, or renders its report, takes a copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from further.compare.clustering.clustering import cluster_table
from further.compare.generation.comparison import generative_models
from further.compare.generation.single import train as train_model
from further.compare.prediction.ladder import predictive_models
from further.compare.prediction.single import train as train_model_of
from further.compare.vision.single import train as train_detector
from further.data.dataset import Dataset, as_dataset
from small_models import SMALL
from squares import TINY, squares
from vision_runs import write_run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; $headline"
#: The same without what no file's name can hold.
HOSTILE_NAME = HOSTILE.replace("/", "")

N_PICTURES, N_COPIES = 200, 12


def _small(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {**SMALL[name], "training": {"batch_size": 32}} for name in names}


def few_digits(**more: Any) -> Dataset:
    """Return 200 digits and some of them once more, so that there are near-duplicates."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype(np.uint8)
    rows = np.r_[0:N_PICTURES, 0:N_COPIES]
    return as_dataset(images[rows], labels[rows], **{"name": "digits", **more})


def patients(*, hostile: bool = False) -> pd.DataFrame:
    """Return a table of all types of columns, two classes and 150 rows."""
    rng = np.random.default_rng(0)
    n = 150
    ill = rng.random(n) < 0.4
    ward = ["north", "south", HOSTILE if hostile else "a ward with rather a long name"]
    frame = pd.DataFrame(
        {
            "age": (rng.normal(56, 14, n) + 8 * ill).round().astype(int),
            "pressure": (rng.normal(131, 17, n)).round(1),
            HOSTILE if hostile else "cholesterol": rng.lognormal(5.3, 0.2, n).round(4),
            "ward": rng.choice(ward, n),
            "smoker": rng.random(n) < 0.3,
            "outcome": np.where(ill, HOSTILE if hostile else "ill", "well"),
        }
    )
    frame.loc[::13, frame.columns[2]] = np.nan
    return frame


def iris() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    return load_iris(as_frame=True).data


def penguins(tables: Path) -> pd.DataFrame:
    return pd.read_csv(tables / "penguins.csv").drop(columns="species").dropna()


def airports() -> pd.DataFrame:
    from vega_datasets import data

    return data.airports()[["latitude", "longitude"]].iloc[::15].reset_index(drop=True)


def _digits(folder: Path) -> None:
    names = ("autoencoder", "denoising_autoencoder", "vae", "gan", "flow", "diffusion")
    generative_models(
        few_digits(), models=_small(*names), budget="3 steps", out=folder,
        command="further compare digits --seed 0",
    )  # fmt: skip


def _table(folder: Path) -> None:
    generative_models(
        as_dataset(patients().drop(columns="outcome"), patients()["outcome"], name="patients"),
        models=_small("autoencoder", "vae"), budget="40 steps", repeats=3, out=folder,
    )  # fmt: skip


def _hostile_table(folder: Path) -> None:
    source = folder.with_name(f"{HOSTILE_NAME}.csv")
    patients(hostile=True).to_csv(source, index=False)
    generative_models(
        str(source), target="outcome", models=_small("autoencoder", "vae"), budget="3 steps",
        repeats=2, out=folder,
    )  # fmt: skip


def _hostile_pictures(folder: Path) -> None:
    digits = few_digits()
    codes = np.asarray(digits.classes.codes)
    rows = np.flatnonzero(codes < 3)
    named = np.array(["zero", "one", HOSTILE])[codes[rows]]
    pictures = as_dataset(np.asarray(digits.values)[rows], named, name=HOSTILE)
    generative_models(pictures, models=_small("vae"), budget="3 steps", out=folder)


def _single(folder: Path) -> None:
    parameters = {**_small("vae")["vae"], "budget": "3 steps", "precision": "float32"}
    train_model("vae", few_digits(), parameters=parameters, out=folder)


def _iris(folder: Path) -> None:
    cluster_table(
        as_dataset(iris(), name="iris"), k=3, out=folder, command="further cluster iris --seed 0"
    )


def _tree(folder: Path) -> None:
    # A label of a rare class, which takes no part: the clusters and the score are set beside it.
    frame = iris().iloc[::3].reset_index(drop=True)
    frame["class"] = np.where(frame.index < 4, "odd", "usual")
    cluster_table(frame, method="agglomerative", k=2, k_max=4, out=folder)


def _uniform(folder: Path) -> None:
    values = np.random.default_rng(0).uniform(size=(200, 2))
    frame = pd.DataFrame(values, columns=["u0", "u1"])
    cluster_table(as_dataset(frame, name="uniform noise"), out=folder)


def _hostile_iris(folder: Path) -> None:
    frame = iris()
    frame.columns = [HOSTILE, *frame.columns[1:]]
    cluster_table(as_dataset(frame, name=HOSTILE), out=folder, k_max=4)


def _airports(folder: Path) -> None:
    cluster_table(as_dataset(airports(), name="airports"), k=5, k_max=5, out=folder)


def _ladder(folder: Path) -> None:
    predictive_models(
        "breast_cancer", out=folder, command="further compare breast_cancer --task classification",
        models={
            "univariate_classifier": {}, "logistic_regression": {}, "decision_tree_classifier": {},
            "mlp_classifier": {"hidden": (16,), "budget": "20 epochs"},
        },
    )  # fmt: skip


def _hostile_ladder(folder: Path) -> None:
    source = folder.with_name(f"ladder {HOSTILE_NAME}.csv")
    patients(hostile=True).to_csv(source, index=False)
    predictive_models(
        str(source), target="outcome", out=folder,
        models=("logistic_regression", "decision_tree_classifier"),
    )  # fmt: skip


def _numbers(folder: Path) -> None:
    predictive_models(
        "diabetes", target="progression", out=folder,
        models={
            "linear_regression": {}, "additive_regressor": {}, "decision_tree_regressor": {},
            "mlp_regressor": {"hidden": (16,), "budget": "20 epochs"},
        },
    )  # fmt: skip


def _predictor(folder: Path) -> None:
    train_model_of("gradient_boosting_classifier", "iris", out=folder)


def _detector(folder: Path) -> None:
    train_detector("yolo", squares(), parameters=TINY, out=folder)


def _boxes(folder: Path) -> None:
    write_run(folder, "detection", labels=("YOLO", "Faster R-CNN"))


def _hostile_boxes(folder: Path) -> None:
    dataset = squares()
    assert dataset.target is not None
    target = replace(dataset.target.seen_as("boxes"), names=(HOSTILE, "dark"))
    files = np.array([f"{HOSTILE_NAME}{i}.png" for i in range(len(dataset))], dtype=object)
    write_run(
        folder, "detection", labels=(HOSTILE,),
        dataset=replace(dataset, name=HOSTILE, target=target, files=files),
    )  # fmt: skip


MAKERS: dict[str, Callable[[Path], object]] = {
    "digits": _digits,
    "table": _table,
    "hostile table": _hostile_table,
    "hostile pictures": _hostile_pictures,
    "single": _single,
    "iris": _iris,
    "tree": _tree,
    "uniform": _uniform,
    "hostile iris": _hostile_iris,
    "airports": _airports,
    "ladder": _ladder,
    "hostile ladder": _hostile_ladder,
    "numbers": _numbers,
    "predictor": _predictor,
    "detector": _detector,
    "boxes": _boxes,
    "outlines": lambda folder: write_run(folder, "instances", labels=("Mask R-CNN",)),
    "pixels": lambda folder: write_run(folder, "segmentation", labels=("U-Net",)),
    "hostile boxes": _hostile_boxes,
}


class RealRuns:
    """The runs by name: made where they are first asked for, and never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def path(self, name: str) -> Path:
        """Return the run itself, to be read only."""
        folder, made = self.root / name, self.root / f"{name}.made"
        with FileLock(f"{folder}.lock"):
            if not made.is_file():
                MAKERS[name](folder)
                made.touch()
        return folder

    def copy(self, name: str, target: Path) -> Path:
        """Return a copy of a run, which a test may change."""
        shutil.copytree(self.path(name), target, ignore=shutil.ignore_patterns("checkpoints"))
        return target
