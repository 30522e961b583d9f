"""MLPClassifier and MLPRegressor against pytabkit's RealMLP-TD-S and scikit-learn's boosted trees.

All get the same seeded splits of real tables: a quarter of the rows is tested, of large tables a
random part of ``ROWS`` rows. Ours takes a table as it stands. The peers are told which columns are
categories; RealMLP-TD-S refuses missing numbers, which get the median of its training rows. Each
runs with its defaults, on one thread; a process does one split at a time, the models in turn, so
that seconds are compared under the same load.

Of each measure stands the mean over the splits and the difference of ours from the peer, split by
split, with a 95 % interval that is corrected for the rows that the training sets share (Nadeau and
Bengio 2003, "Inference for the generalization error"): with J splits, variance s² of the
differences, and n₂ tested and n₁ training rows,

    mean ± t(J - 1, 97.5 %) · s · sqrt(1 / J + n₂ / n₁).

Ours is *better* or *worse* where the interval does not contain 0, and *tied* elsewhere. RMSE is in
standard deviations of the target.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

import further.data
from further import MLPClassifier, MLPRegressor

TESTED = 0.25
#: Splits of a table, fewer where it is large; most rows of a table.
SPLITS, SPLITS_OF_LARGE, LARGE, ROWS = 8, 4, 1200, 1500
OURS, PEERS = "further", ("RealMLP-TD-S", "HistGradientBoosting")
#: Least probability that is judged: a certain mistake would cost infinitely much otherwise.
LEAST = 1e-6
#: Name of the measure: how many of its digits stand, and whether the lower one is better.
MEASURES = {
    "classification": {"log loss": True, "accuracy": False, "AUC": False},
    "regression": {"RMSE": True, "R2": False},
}


@dataclass(frozen=True)
class Source:
    """A table of the test data, or one that is built in, and what is predicted."""

    task: str
    data: str
    target: str | None = None
    dropped: tuple[str, ...] = ()


TABLES = {
    "penguins": Source("classification", "penguins.csv", "species"),
    "heart": Source("classification", "heart_cleveland.csv", "AHD"),
    "zoo": Source("classification", "zoo.csv", "type"),
    "german_credit": Source("classification", "german_credit_readable.csv", "credit_risk"),
    "mammography": Source("classification", "mammography.csv"),
    "adult": Source("classification", "adult_test.csv"),
    "law_school": Source("classification", "law_school.csv", "pass_bar"),
    "mushrooms": Source("classification", "mushrooms.csv", "class"),
    "breast_cancer": Source("classification", "breast_cancer"),
    "digits": Source("classification", "digits"),
    "fish": Source("regression", "fish.csv", "Weight"),
    "boston": Source("regression", "boston_housing.csv", "13"),
    "diabetes": Source("regression", "diabetes", "progression"),
    # zgpa is the same average over three years, and would give it away.
    "law_gpa": Source("regression", "law_school.csv", "zfygpa", dropped=("zgpa",)),
}


def table(name: str) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Return rows and target, or None where the test data are not there."""
    source = TABLES[name]
    data = source.data
    if data.endswith(".csv"):
        folder = Path(os.environ.get("FURTHER_TEST_DATA", ".")) / "tables"
        if not (folder / data).exists():
            return None
        data = str(folder / data)
    if source.task == "classification":
        dataset = further.data.load(data, **({"target": source.target} if source.target else {}))
        if dataset.kind == "images":
            X = pd.DataFrame(np.asarray(dataset.values, dtype=float).reshape(len(dataset), -1))
            X = X.rename(columns=str)
        else:
            X = dataset.frame
        y = np.asarray(dataset.codes)
    else:
        if name == "boston":  # has no header
            X = pd.read_csv(data, header=None).rename(columns=str)
        else:
            X = further.data.load(data, **({"target": "none"} if "/" in data else {})).frame
        X = X.dropna(subset=[source.target])
        y = X.pop(source.target).to_numpy(float)
    X = X.drop(columns=list(source.dropped)).reset_index(drop=True)
    if len(X) > ROWS:
        rows = np.random.default_rng(0).choice(len(X), ROWS, replace=False)
        X, y = X.iloc[rows].reset_index(drop=True), y[rows]
    return X, y


def splits(name: str, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    n = SPLITS if len(y) <= LARGE else SPLITS_OF_LARGE
    of = StratifiedShuffleSplit if TABLES[name].task == "classification" else ShuffleSplit
    return list(of(n, test_size=TESTED, random_state=0).split(y, y))


def for_peers(X: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns are numbers or categories."""
    X = X.copy()
    for column in X:
        if pd.api.types.is_numeric_dtype(X[column]) and X[column].dtype != bool:
            X[column] = X[column].to_numpy(float, na_value=np.nan)
        else:
            X[column] = X[column].astype(str).astype("category")
    return X


def filled(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both with the median of the training rows where a number is missing."""
    medians = train.median(numeric_only=True)
    return train.fillna(medians), test.fillna(medians)


def fit_and_predict(
    side: str, task: str, train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame, seed: int
) -> np.ndarray:
    """Return probabilities of classes, or numbers."""
    classify = task == "classification"
    if side == OURS:
        model: Any = (MLPClassifier if classify else MLPRegressor)(random_state=seed)
    elif side == "RealMLP-TD-S":
        from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

        kind = RealMLP_TD_S_Classifier if classify else RealMLP_TD_S_Regressor
        model = kind(device="cpu", random_state=seed, n_threads=1)
        train, test = filled(train, test)
    else:
        trees = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        model = trees(random_state=seed, categorical_features="from_dtype")
    model.fit(train, y)
    return np.asarray(model.predict_proba(test) if classify else model.predict(test))


def scores(task: str, y: np.ndarray, predicted: np.ndarray, spread: float) -> list[float]:
    """Return the measures, in the order of ``MEASURES``."""
    if task == "regression":
        squared = float(np.mean((y - predicted) ** 2))
        return [squared**0.5 / spread, 1 - squared / float(y.var())]
    p = np.clip(predicted, LEAST, 1)
    p /= p.sum(axis=1, keepdims=True)
    classes = np.arange(p.shape[1])
    auc = roc_auc_score(y, p[:, 1] if len(classes) == 2 else p, multi_class="ovr", labels=classes)
    return [log_loss(y, p, labels=classes), accuracy_score(y, p.argmax(axis=1)), auc]


def one_split(name: str, number: int, sides: tuple[str, ...]) -> dict[str, list[float]]:
    """Return of each side the measures and the seconds to fit and predict."""
    quiet()
    found = table(name)
    assert found is not None
    X, y = found
    task, (train, test) = TABLES[name].task, splits(name, y)[number]
    results = {}
    for side in sides:
        rows = X if side == OURS else for_peers(X)
        started = time.perf_counter()
        predicted = fit_and_predict(side, task, rows.iloc[train], y[train], rows.iloc[test], number)
        seconds = time.perf_counter() - started
        results[side] = [*scores(task, y[test], predicted, float(y.std())), seconds]
    return results


def warm_up(sides: tuple[str, ...]) -> None:
    """Import what each side imports when it first trains."""
    quiet()
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(64, 2)), columns=["a", "b"]), np.arange(64) % 2
    MLPClassifier(budget="1 epochs").fit(X, y)
    for side in sides[1:]:
        fit_and_predict(side, "classification", X, y, X, 0)


def quiet() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return the mean and half the width of its corrected 95 % interval."""
    n = len(differences)
    overlap = 1 / n + TESTED / (1 - TESTED)
    width = student.ppf(0.975, n - 1) * differences.std(ddof=1) * overlap**0.5
    return float(differences.mean()), float(width)


def verdict(mean: float, width: float, *, lower_is_better: bool) -> str:
    if abs(mean) <= width:
        return "tied"
    return "better" if (mean < 0) == lower_is_better else "worse"


def say(text: str) -> None:
    print(text, flush=True)


def tell(name: str, X: pd.DataFrame, results: list[dict[str, list[float]]]) -> dict[Any, str]:
    """Print what one table gave; return the verdict of each peer and measure."""
    measures = MEASURES[TABLES[name].task]
    told: dict[Any, str] = {}
    say(f"{name}: {len(X)} rows, {X.shape[1]} columns, {len(results)} splits")
    of = {side: np.array([result[side] for result in results]) for side in results[0]}
    for side, values in of.items():
        figures = "  ".join(
            f"{measure} {value:.4f}"
            for measure, value in zip(measures, values.mean(axis=0), strict=False)
        )
        say(f"  {side:21} {figures}  {np.median(values[:, -1]):6.2f} s")
    for side in [side for side in of if side != OURS]:
        parts = []
        for place, (measure, lower) in enumerate(measures.items()):
            mean, width = interval(of[OURS][:, place] - of[side][:, place])
            told[side, measure] = verdict(mean, width, lower_is_better=lower)
            parts.append(f"{measure} {mean:+.4f} ± {width:.4f} {told[side, measure]}")
        ratio = np.median(of[side][:, -1] / of[OURS][:, -1])
        say(f"  further - {side}: {'; '.join(parts)}; time of {side} / ours {ratio:.2f}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    sides = (OURS, *arguments.peers)
    # Read where the processes that do the work import NumPy and torch.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    verdicts: dict[Any, list[str]] = {}
    started = time.perf_counter()
    with ProcessPoolExecutor(
        arguments.processes, get_context("spawn"), initializer=warm_up, initargs=(sides,)
    ) as pool:
        waiting: list[tuple[str, pd.DataFrame, list[Callable[[], Any]]]] = []
        for name in arguments.tables:
            found = table(name)
            if found is None:
                say(f"{name}: left out, FURTHER_TEST_DATA has no {TABLES[name].data}")
                continue
            X, y = found
            jobs = [pool.submit(one_split, name, i, sides) for i in range(len(splits(name, y)))]
            waiting.append((name, X, [job.result for job in jobs]))
        for name, X, jobs_of_table in waiting:
            for key, found_verdict in tell(name, X, [result() for result in jobs_of_table]).items():
                verdicts.setdefault(key, []).append(found_verdict)
    say("in total")
    for (side, measure), of_tables in verdicts.items():
        counts = ", ".join(
            f"{word} {of_tables.count(word)}" for word in ("better", "tied", "worse")
        )
        say(f"  against {side}, {measure}: {counts}")
    say(f"{time.perf_counter() - started:.0f} s in {arguments.processes} processes")


if __name__ == "__main__":
    main()
