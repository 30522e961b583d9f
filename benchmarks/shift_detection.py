"""Which shift score notices which real data that a model never saw, at 5 % false alarms.

Each line is one kind of shifted rows: classes, people, species or groups that were left out of
training, pictures of something else, uniform noise as the easiest. The control is the plain
confidence; ``sure`` is the share of the shifted rows of which the model is sure with a probability
of 0.9 or more. ``FURTHER_TEST_DATA`` names the folder of real data; it takes minutes on one core.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import further
from further.trust.safety.shift_comparison import compare_shift_scores


class Case(NamedTuple):
    name: str
    model: Any
    X: Any
    y: np.ndarray
    shifted: dict[str, Any]
    pictures: tuple[int, ...] | None = None


def table_model(model: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    encoded = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(encoded, model)


def digits_cases() -> Iterator[Case]:
    X, y = load_digits(return_X_y=True)
    X = X / 16
    noise = np.random.default_rng(0).random((1000, 64))
    known = y < 8
    for model in (
        LogisticRegression(C=100, max_iter=3000),
        MLPClassifier(random_state=0, max_iter=500),
        RandomForestClassifier(random_state=0),
    ):
        yield Case("digits 0 to 7", model, X[known], y[known],
                   {"digits 8 and 9": X[~known], "uniform noise": noise}, (8, 8))  # fmt: skip


def picture_cases(data: Path) -> Iterator[Case]:
    mnist = further.data.load(data / "mnist10k")
    rows = np.random.default_rng(0).permutation(len(mnist))[:4000]
    X = np.asarray(mnist.values)[rows].reshape(-1, 28, 28)
    y = np.asarray(mnist.classes.codes)[rows]
    noise = np.random.default_rng(0).integers(256, size=(500, 28, 28)).astype(np.uint8)
    network = further.CNNClassifier(budget="5 epochs", random_state=0)
    yield Case("MNIST", network, X, y, {"Fashion-MNIST": fashion(data), "uniform noise": noise})
    known = y < 8
    yield Case("MNIST 0 to 7", network, X[known], y[known], {"digits 8 and 9": X[~known]})


def fashion(data: Path) -> np.ndarray:
    file = data / "fashion_mnist_sprite" / "fashion-mnist-sprite.png"
    sheet = np.asarray(Image.open(file).convert("L"))
    return sheet.reshape(30, 28, 30, 28).swapaxes(1, 2).reshape(900, 28, 28)


def face_case(data: Path) -> Iterator[Case]:
    folder = data / "olivetti_faces"
    files = sorted(folder.glob("image-*.png"), key=lambda f: int(f.stem.split("-")[1]))
    faces = [np.asarray(Image.open(f).convert("L").resize((32, 32))) for f in files]
    X = np.array(faces, dtype=float).reshape(len(files), -1) / 255
    person = np.arange(len(files)) // 10
    known = person < 20
    yield Case("20 people", LogisticRegression(C=10, max_iter=2000), X[known], person[known],
                {"10 other people": X[~known]}, (32, 32))  # fmt: skip


def table_cases(data: Path) -> Iterator[Case]:
    tables = data / "tables"
    birds = pd.read_csv(tables / "penguins.csv")
    for left_out in ("Gentoo", "Chinstrap"):
        known = (birds["species"] != left_out).to_numpy()
        X = birds.drop(columns=["species", "island"])
        yield Case(f"penguins but {left_out}", table_model(LogisticRegression(max_iter=1000)),
                   X[known], birds["species"].to_numpy()[known], {left_out: X[~known]})  # fmt: skip
    names = ["age", "work", "weight", "education", "years", "marital", "job", "relation", "race",
             "sex", "gain", "loss", "hours", "country", "income"]  # fmt: skip
    adult = pd.read_csv(tables / "adult_test.csv", names=names, skipinitialspace=True)
    adult = adult.dropna(subset=["income"]).sample(6000, random_state=0)
    men = (adult["sex"] == "Male").to_numpy()
    X = adult.drop(columns=["income", "sex", "relation", "weight"])
    forest = RandomForestClassifier(min_samples_leaf=3, random_state=0)
    y = adult["income"].to_numpy()
    yield Case("adult, men", table_model(forest), X[men], y[men], {"women": X[~men]})
    law = pd.read_csv(tables / "law_school.csv").sample(6000, random_state=0)
    first = (law["tier"] <= 3).to_numpy()
    X = law.drop(columns=["pass_bar", "tier", "race"])
    y, linear = law["pass_bar"].to_numpy(), table_model(LogisticRegression(max_iter=1000))
    yield Case("law, tiers 1 to 3", linear, X[first], y[first], {"tiers 4 to 6": X[~first]})


def measure(case: Case) -> pd.DataFrame:
    X_train, X_rest, y_train, _ = train_test_split(
        case.X, case.y, test_size=0.4, random_state=0, stratify=case.y
    )
    model = case.model.fit(X_train, y_train)
    representation: Any = "auto"
    if case.pictures is not None:
        from sklearn.decomposition import PCA

        components = PCA(min(50, len(X_train) - 1), random_state=0).fit(X_train)
        representation = components.transform
    is_network = hasattr(model, "net_")
    found = compare_shift_scores(
        model, X_train, X_rest, case.shifted, y_train=y_train, representation=representation,
        ensemble=5 if is_network else 10,
    )  # fmt: skip
    table = found.to_frame()
    kind = type(model[-1] if hasattr(model, "steps") else model).__name__
    table.insert(0, "model", kind)
    table.insert(0, "data", case.name)
    p = model.predict_proba
    table["sure"] = [float((p(case.shifted[s]).max(axis=1) >= 0.9).mean()) for s in table["shift"]]
    return table


def main(data: Path) -> None:
    parts = []
    for case in chain(digits_cases(), face_case(data), table_cases(data), picture_cases(data)):
        parts.append(measure(case))
        print(parts[-1].round(2).to_string(index=False), flush=True)
    every = pd.concat(parts)
    by = ["data", "model", "shift"]
    print("\nDetected at 5 % false alarms:")
    print(every.pivot_table("detected", by, "score", sort=False).round(2).to_string())
    print("\nAUC:")
    print(every.pivot_table("auc", by, "score", sort=False).round(2).to_string())


if __name__ == "__main__":
    main(Path(os.environ["FURTHER_TEST_DATA"]))
