"""Writes run folders as a comparison leaves them, with figures that are made up but plausible."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; $headline"

# real, noise and, for each model in the order of MODELS, the value; None where it is not defined.
MODELS = (
    ("autoencoder", "Autoencoder", "model"),
    ("denoising_autoencoder", "Denoising autoencoder", "model"),
    ("vae", "Variational autoencoder", "model"),
    ("gan", "Generative adversarial network", "model"),
    ("flow", "Normalizing flow", "model"),
    ("diffusion", "Diffusion", "model"),
    ("gaussian_mixture", "Gaussian mixture", "control"),
    ("copy", "Copy of the training set", "control"),
)
N = None
METRICS: dict[str, tuple[float | None, float | None, tuple[float | None, ...], float]] = {
    "kernel_distance": (
        0.0003,
        0.214,
        (0.0064, 0.0081, 0.0049, 0.0142, 0.0011, 0.0009, 0.0057, 0.0002),
        0.0011,
    ),
    "frechet_distance": (1.9, 88.0, (9.4, 11.2, 8.1, 17.3, 3.9, 3.4, 8.8, 1.8), 0.7),
    "two_sample_accuracy": (
        0.502,
        0.999,
        (0.791, 0.832, 0.752, 0.914, 0.597, 0.574, 0.768, 0.505),
        0.021,
    ),
    "precision": (0.948, 0.0, (0.957, 0.961, 0.949, 0.871, 0.929, 0.943, 0.902, 0.951), 0.016),
    "recall": (0.951, 0.0, (0.831, 0.804, 0.862, 0.611, 0.921, 0.928, 0.893, 0.949), 0.022),
    "density": (1.003, 0.0, (1.091, 1.102, 1.043, 0.861, 0.957, 0.981, 0.917, 1.001), 0.034),
    "coverage": (0.969, 0.003, (0.904, 0.889, 0.918, 0.661, 0.961, 0.957, 0.914, 0.967), 0.017),
    "synthetic_to_real_accuracy": (
        0.987,
        0.101,
        (0.957, 0.953, 0.964, 0.907, 0.971, 0.969, 0.951, 0.986),
        0.012,
    ),
    "augmentation_gain": (
        0.041,
        -0.183,
        (0.012, 0.009, 0.017, -0.021, 0.021, 0.023, 0.011, 0.001),
        0.009,
    ),
    "class_balance": (0.969, 0.58, (0.967, 0.965, 0.968, 0.949, 0.966, 0.969, 0.967, 0.968), 0.008),
    "bits_per_dimension": (N, 4.087, (N, N, 2.412, N, 2.187, 2.203, 2.611, N), 0.021),
    "memorization": (0.05, 0.0, (0.047, 0.056, 0.039, 0.022, 0.061, 0.064, 0.033, 1.0), 0.017),
    "sampling_seconds_per_1000": (
        N,
        N,
        (0.011, 0.012, 0.013, 0.012, 0.034, 1.92, 0.004, 0.0003),
        0.0,
    ),
    "latent_accuracy": (0.987, 0.102, (0.962, 0.957, 0.951, N, N, N, N, N), 0.018),
    "reconstruction_psnr": (N, 6.1, (21.4, 20.8, 18.9, N, N, N, N, N), 0.2),
}
GOALS = {
    "realism": "kernel_distance",
    "variety": "coverage",
    "density": "bits_per_dimension",
    "fast_sampling": "sampling_seconds_per_1000",
    "compact_representation": "latent_accuracy",
    "augmentation": "augmentation_gain",
    "low_energy": "energy_wh",
}
LOWER = {
    "kernel_distance",
    "frechet_distance",
    "two_sample_accuracy",
    "bits_per_dimension",
    "memorization",
    "sampling_seconds_per_1000",
    "energy_wh",
}
PARAMETERS = (94_256, 94_256, 96_312, 118_673, 402_816, 287_489, 20_799, 0)
SECONDS = (14.2, 14.9, 15.8, 22.7, 19.4, 17.3, 1.9, 0.002)
BEST = (2900, 2700, 2450, 2200, 1750, 3050, None, None)
LATENT = ("autoencoder", "denoising_autoencoder", "vae")


def make_comparison(
    folder: Path,
    *,
    kind: str = "images",
    repeats: int = 1,
    hostile: bool = False,
    near_duplicates: int = 0,
    seed: int = 0,
) -> Path:
    """Write the run folder of a comparison: digits or a table of patients."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = _evaluation(folder, rng, kind, repeats, hostile, near_duplicates)
    _json(folder / "evaluation.json", evaluation)
    _json(
        folder / "run.json",
        {
            "schema": 1,
            "command": evaluation["command"],
            "status": "finished",
            "seed": 0,
        },
    )
    for place, (name, _, role) in enumerate(MODELS):
        own = folder / "models" / name
        own.mkdir(parents=True, exist_ok=True)
        _json(
            own / "run.json", {"schema": 1, "command": "train", "model": name, "status": "finished"}
        )
        if role == "model":
            _history(own / "history.csv", name, BEST[place], rng)
    (_digits if kind == "images" else _patients)(folder, rng, hostile)
    return folder


def make_single(folder: Path, *, evaluated: bool = True) -> Path:
    """Write the run folder of one model: its files lie in the run folder itself."""
    make_comparison(folder)
    evaluation = json.loads((folder / "evaluation.json").read_text())
    own = folder / "models" / "vae"
    for path in [path for path in own.rglob("*") if path.is_file()]:
        target = folder / path.relative_to(own)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
    for path in sorted((folder / "models").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / "models").rmdir()
    evaluation["models"] = [entry for entry in evaluation["models"] if entry["name"] == "vae"]
    evaluation["command"] = "train"
    del evaluation["recommendation"]
    _json(folder / "evaluation.json", evaluation)
    _json(
        folder / "run.json",
        {
            "schema": 1,
            "command": "train",
            "model": "vae",
            "status": "finished",
            "seed": 0,
            "data": evaluation["data"],
        },
    )
    if not evaluated:
        (folder / "evaluation.json").unlink()
    return folder


def _evaluation(
    folder: Path, rng: np.random.Generator, kind: str, repeats: int, hostile: bool, near: int
) -> dict[str, Any]:
    table = kind == "table"
    models = [_model(place, rng, repeats, table, hostile) for place in range(len(MODELS))]
    goals = {goal: _goal(metric, models) for goal, metric in GOALS.items()}
    name = HOSTILE if hostile else ("patients" if table else "digits")
    classes = ["well", "ill"] if table else [str(digit) for digit in range(10)]
    return {
        "schema": 1,
        "command": f"further compare {name} --seed 0",
        "task": "generation",
        "run": str(folder),
        "further": "0.1.0",
        "data": {
            "name": name,
            "kind": "table" if table else "images",
            "source": name,
            "fingerprint": "3f1c" * 16,
            "shape": [7] if table else [1, 8, 8],
            "levels": None if table else 17,
            "classes": [*classes[:-1], HOSTILE] if hostile else classes,
            "rows": {"train": 1078, "validation": 359, "test": 360},
            "split": {"seed": 0, "stratified": True, "fractions": [0.6, 0.2, 0.2]},
            "near_duplicates": {
                "count": near,
                "share": near / 360,
                "threshold": 0.013,
                "pairs": [[3, 9]] * near,
            },
            "notes": [
                "Pictures of 8 × 8 pixels with 17 grey levels, in 10 classes.",
                *([HOSTILE] if hostile else []),
            ],
        },
        "seed": 0,
        "repeats": repeats,
        "budget": {"text": "2.0 × 10¹² operations", "flops": 2e12},
        "conditional": True,
        "protocol": {
            "features": "residual classifier trained on the training split, 64 features",
            "samples": 360,
            "neighbours": 5,
            "kernel": {"name": "rbf", "bandwidth": 7.4213},
            "real": "validation against test",
            "classifiers": {
                "synthetic_to_real": "RBF support vector machine, C=10, gamma=scale",
                "two_sample": "logistic regression; RBF support vector machine; the stricter",
            },
            "thresholds": {"memorizes": 0.2, "collapsed": {"precision": 0.8, "coverage": 0.5}},
            "goals": {
                goal: {"metric": metric, "direction": "lower" if metric in LOWER else "higher"}
                for goal, metric in GOALS.items()
            },
        },
        "models": models,
        "recommendation": {
            "sentence": HOSTILE
            if hostile
            else f"For realistic and varied samples of {name} use diffusion or the normalizing "
            "flow, which are tied; take the flow where you need speed or a likelihood.",
            "goals": goals,
            "survives_repeats": True if repeats > 1 else None,
        },
        "energy": {
            "method": "estimated from processor time at 15 W a core (design power)",
            "grid_g_per_kwh": 363.0,
            "grid_source": "Germany 2024, Ember",
        },
        "machine": {
            "cpu": "2 cores, x86_64",
            "memory_gib": 8,
            "threads": 1,
            "precision": "float32",
        },
        "versions": {
            "python": "3.11.9",
            "torch": "2.13.0",
            "scikit-learn": "1.9.0",
            "numpy": "2.4.0",
        },
        "seconds": 192.4,
    }


def _model(
    place: int, rng: np.random.Generator, repeats: int, table: bool, hostile: bool
) -> dict[str, Any]:
    name, label, role = MODELS[place]
    metrics: dict[str, Any] = {}
    rows = dict(METRICS)
    if table:
        rows["column_shapes"] = (0.96, 0.41, (0.91, 0.9, 0.93, 0.84, 0.95, 0.94, 0.9, 0.97), 0.008)
        rows["pair_correlations"] = (
            0.95,
            0.5,
            (0.9, 0.89, 0.91, 0.8, 0.94, 0.93, 0.92, 0.96),
            0.01,
        )
        rows["constraint_violations"] = (
            0.002,
            0.48,
            (0.02, 0.03, 0.02, 0.08, 0.01, 0.01, 0.04, 0.0),
            0.006,
        )
    for metric, (real, noise, values, half) in rows.items():
        value = values[place]
        interval = value is not None and half > 0
        metrics[metric] = {
            "value": value,
            "low": value - half * 0.9 if interval and value is not None else None,
            "high": value + half * 1.1 if interval and value is not None else None,
            "n": 360,
            "real": real,
            "noise": noise,
            "method": "subsampling without replacement, m = 120"
            if "distance" in metric
            else "bootstrap of rows",
        }
    metrics["bits_per_dimension"]["basis"] = {
        "vae": "bound",
        "flow": "bound",
        "diffusion": "bound",
        "gaussian_mixture": "exact",
    }.get(name)
    flags = {
        "gan": ["worse_than_control", "misses_classes"],
        "copy": ["memorizes"],
        "denoising_autoencoder": ["worse_than_control"],
    }.get(name, [])
    notes = {
        "gan": [
            "It does worse than the simple control: kernel distance 0.0142 against 0.0057.",
            "It misses classes; recognised among its samples, of those expected: 1 (5 of 36).",
        ],
        "copy": [
            "It memorizes: 100% of its samples lie nearer to a training example than new data "
            "hardly ever do, against 5% of the test rows."
        ],
    }.get(name, [])
    across = {
        metric: _across(values[place], half, rng, repeats)
        for metric, (_, _, values, half) in METRICS.items()
        if values[place] is not None
    }
    return {
        "name": name,
        "label": HOSTILE if hostile and name == "vae" else label,
        "family": "network" if role == "model" else "classical",
        "role": role,
        "is_copy": name == "copy",
        "parameters": PARAMETERS[place],
        "training_flops": 2.0e12 if role == "model" else 4e9 * (name != "copy"),
        "steps": 3100,
        "best_step": BEST[place],
        "seconds": SECONDS[place],
        "energy_wh": SECONDS[place] * 15 / 3600,
        "carbon_g": SECONDS[place] * 15 / 3600 * 0.363,
        "flags": flags,
        "notes": [*notes, *([HOSTILE] if hostile else [])],
        "metrics": metrics,
        "across_seeds": across if repeats > 1 else None,
    }


def _across(
    value: float | None, half: float, rng: np.random.Generator, repeats: int
) -> dict[str, Any]:
    values = (value or 0.0) + max(half, 1e-4) * 0.7 * rng.standard_normal(repeats)
    spread = 2 * values.std() / np.sqrt(repeats)
    return {
        "values": values.tolist(),
        "mean": float(values.mean()),
        "low": float(values.mean() - spread),
        "high": float(values.mean() + spread),
    }


def _goal(metric: str, models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rank models that do not copy; those within one half-width of the best are called tied."""
    values = {
        model["name"]: model.get(metric, (model["metrics"].get(metric) or {}).get("value"))
        for model in models
        if "memorizes" not in model["flags"]
    }
    known = {name: value for name, value in values.items() if value is not None}
    lower = metric in LOWER
    ranking = sorted(known, key=lambda name: known[name] if lower else -known[name])
    half = METRICS[metric][3] if metric in METRICS else 0.0
    best = known[ranking[0]]
    tied = [name for name in ranking[1:] if abs(known[name] - best) < half]
    return {
        "metric": metric,
        "direction": "lower" if lower else "higher",
        "ranking": ranking,
        "tied": tied,
        "sentence": f"{ranking[0]} leads" + (", but not by more than chance." if tied else "."),
    }


def _history(path: Path, name: str, best: int | None, rng: np.random.Generator) -> None:
    steps = np.arange(0, 3101, 62)
    share = steps / 3100
    fall = 2.4 * np.exp(-9 * share) + 0.9 * np.exp(-2 * share) + 0.6
    overfit = 0.25 * np.clip(share - (best or 3100) / 3100, 0, None) ** 1.2
    columns: dict[str, Iterable[float]] = {
        "step": steps,
        "epoch": steps / 9,
        "seconds": steps * 0.005,
        "train_loss": fall - 0.06 * share + 0.012 * rng.standard_normal(len(steps)),
        "val_loss": fall + overfit + 0.02 * rng.standard_normal(len(steps)),
    }
    if name == "gan":
        columns["val_loss"] = [float("nan")] * len(steps)
        columns["train_loss"] = [float("nan")] * len(steps)
        columns["train_generator_loss"] = 0.9 + 0.9 * share + 0.1 * rng.standard_normal(len(steps))
        columns["train_discriminator_loss"] = (
            1.3 - 0.5 * share + 0.06 * rng.standard_normal(len(steps))
        )
        columns["train_discriminator_accuracy"] = (
            0.5 + 0.4 * share + 0.02 * rng.standard_normal(len(steps))
        )
        columns["val_kernel_distance"] = (
            0.2 * np.exp(-6 * share) + 0.014 + 0.002 * rng.standard_normal(len(steps))
        )
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            ["" if np.isnan(value) else f"{value:.6g}" for value in row]
            for row in zip(*columns.values(), strict=True)
        )


def _digits(folder: Path, rng: np.random.Generator, hostile: bool) -> None:
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    test = rng.permutation(len(images))[:360]
    order = test[np.argsort(labels[test], kind="stable")]
    spread = order[np.linspace(0, len(order) - 1, 64).astype(int)]
    _sheet(folder / "pictures" / "real.png", images[spread], 8)
    for name, _, _ in MODELS:
        pictures = folder / "models" / name / "pictures"
        noise = {
            "copy": 0.0,
            "gan": 4.0,
            "gaussian_mixture": 2.5,
            "diffusion": 0.7,
            "flow": 0.9,
        }.get(name, 1.4)
        drawn = images[rng.permutation(spread)[:64]]
        drawn = np.clip(np.round(drawn + noise * rng.standard_normal(drawn.shape)), 0, 16)
        _sheet(pictures / "samples.png", drawn, 8)
        train = images if name == "copy" else np.delete(images, test, axis=0)
        nearest = [int(((train - one) ** 2).sum((1, 2)).argmin()) for one in drawn[:10]]
        _sheet(
            pictures / "nearest.png",
            np.concatenate([drawn[:10], train[nearest]]),
            10,
        )
        if name not in LATENT:
            continue
        centres = 3 * rng.standard_normal((10, 2))
        points = centres[labels[test]] + 0.55 * rng.standard_normal((360, 2))
        _json(
            pictures / "latent.json",
            {
                "method": "first two principal components of the latent space",
                "x": points[:, 0].tolist(),
                "y": points[:, 1].tolist(),
                "label": labels[test].tolist(),
            },
        )
        ends = images[rng.integers(0, len(images), (4, 2))]
        weights = np.linspace(0, 1, 10)[None, :, None, None]
        steps = ends[:, :1] * (1 - weights) + ends[:, 1:] * weights
        _sheet(pictures / "interpolation.png", steps.reshape(-1, 8, 8), 10)


def _sheet(path: Path, tiles: np.ndarray, columns: int) -> None:
    rows, side = len(tiles) // columns, tiles.shape[-1]
    sheet = tiles.reshape(rows, columns, side, side).transpose(0, 2, 1, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.round(sheet.reshape(rows * side, columns * side) / 16 * 255)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def _patients(folder: Path, rng: np.random.Generator, hostile: bool) -> None:
    names = ["age", "pressure", "cholesterol", "ward", "smoker", "arrived", "outcome"]
    wards = ["north", "south", HOSTILE if hostile else "a ward with rather a long name"]

    def draw(n: int, shift: float) -> list[list[object]]:
        return [
            [
                int(rng.normal(56 + shift, 14)),
                round(rng.normal(131 + 3 * shift, 17), 1),
                "" if rng.random() < 0.1 else round(rng.lognormal(5.3, 0.2), 4),
                wards[rng.integers(3)],
                bool(rng.random() < 0.3),
                f"2024-0{rng.integers(1, 9)}-1{rng.integers(0, 9)}",
                ["well", "ill"][rng.integers(2)],
            ]
            for _ in range(n)
        ]

    def write(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)

    write(folder / "real.csv", names, draw(20, 0))
    edges = np.linspace(20, 95, 21)
    real = np.histogram(rng.normal(56, 14, 360), edges)[0] / 360
    for place, (name, _, _) in enumerate(MODELS):
        own = folder / "models" / name
        write(own / "samples.csv", names, draw(20, place / 4))
        pairs = [
            [("generated", "training")[row % 2], f"{0.1 * row:.2f}", *values]
            for row, values in enumerate(draw(12, place / 4))
        ]
        write(own / "nearest.csv", ["row", "distance", *names], pairs)
        columns: list[dict[str, Any]] = [
            {
                "name": column,
                "kind": "numeric",
                "edges": edges.tolist(),
                "real": real.tolist(),
                "generated": (
                    np.histogram(rng.normal(56 + place, 14 + place, 360), edges)[0] / 360
                ).tolist(),
            }
            for column in ("age", "pressure", HOSTILE if hostile else "cholesterol")
        ]
        columns.append(
            {
                "name": "ward",
                "kind": "categorical",
                "categories": wards,
                "real": [0.5, 0.3, 0.2],
                "generated": rng.dirichlet([20, 12, 8]).tolist(),
            }
        )
        columns.append(
            {
                "name": "smoker",
                "kind": "categorical",
                "categories": [False, True],
                "real": [0.7, 0.3],
                "generated": [0.7 + place / 50, 0.3 - place / 50],
            }
        )
        _json(own / "columns.json", columns)


def _json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
