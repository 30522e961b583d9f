"""The lecture's autoencoder: what output activation, loss, optimizer and bottleneck each do.

A dense autoencoder 784-256-128-k-128-256-784 with k = 64 and with k = 16 on MNIST, with a linear
output and the mean squared error, a sigmoid and the mean squared error, a sigmoid and the binary
cross-entropy, under Adadelta (learning rate 1, as the lecture has it) and under Adam (1e-3). All
are judged by the same figure on held-out pictures, the mean squared error a pixel, since losses of
different kinds cannot be compared with each other.

    python examples/lecture_autoencoder.py --data PATH_TO_MNIST --epochs 20 --out lecture

Without ``--data`` it takes scikit-learn's 8x8 digits. It writes ``results.csv``, ``curves.png``,
``reconstructions.png`` and ``latent.png``; docs/lecture_autoencoder.md says what is learnt.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

import further
from further.data import Dataset

mpl.use("Agg")
import matplotlib.pyplot as plt

OUTPUTS = {
    "linear, MSE": ("linear", "mean_squared_error"),
    "sigmoid, MSE": ("sigmoid", "mean_squared_error"),
    "sigmoid, BCE": ("sigmoid", "binary_cross_entropy"),
}
OPTIMIZERS = {"adadelta": 1.0, "adam": 1e-3}
BOTTLENECKS = (64, 16)
HIDDEN = (256, 128)
SHOWN = 10


@dataclass
class Outcome:
    """One trained autoencoder and what it did to the held-out pictures."""

    bottleneck: int
    output: str
    optimizer: str
    model: further.Autoencoder
    rebuilt: np.ndarray
    codes: np.ndarray
    error: float

    @property
    def label(self) -> str:
        return f"{self.bottleneck}, {self.output}, {self.optimizer}"


def train_all(dataset: Dataset, epochs: int, seed: int = 0) -> tuple[list[Outcome], Dataset]:
    """Train the twelve autoencoders and rebuild the test pictures."""
    split = dataset.split(seed=seed)
    train, validation, test = (
        dataset.take(rows) for rows in (split.train, split.validation, split.test)
    )
    outcomes = []
    for bottleneck in BOTTLENECKS:
        for output, (activation, loss) in OUTPUTS.items():
            for optimizer, rate in OPTIMIZERS.items():
                model = further.Autoencoder(
                    latent_dim=bottleneck,
                    hidden=HIDDEN,
                    output_activation=activation,
                    loss=loss,
                    optimizer=optimizer,
                    budget=f"{epochs} epochs",
                    precision="float32",
                    training={
                        "learning_rate": rate,
                        "schedule": "constant",
                        "averaging": 0.0,
                        "warmup": 0.0,
                        "clip": None,
                    },
                    random_state=seed,
                ).fit(train, validation=validation)
                clean = model.encoding_.encode(test)
                codes = model.transform_encoded(clean)
                rebuilt = model.inverse_transform_encoded(codes, None)
                error = float(np.mean((rebuilt - clean) ** 2))
                outcomes.append(
                    Outcome(bottleneck, output, optimizer, model, rebuilt, codes, error)
                )
    return outcomes, test


def results(outcomes: list[Outcome], train: Dataset, test: Dataset) -> pd.DataFrame:
    """Return the held-out errors, with the linear answer (PCA) of the same size beside them."""
    encoding = outcomes[0].model.encoding_
    x, z = (encoding.encode(part).reshape(len(part), -1) for part in (train, test))
    linear = {}
    for k in BOTTLENECKS:
        pca = PCA(min(k, x.shape[1]), random_state=0).fit(x)
        linear[k] = float(np.mean((pca.inverse_transform(pca.transform(z)) - z) ** 2))
    return pd.DataFrame(
        [
            {
                "bottleneck": o.bottleneck,
                "output": o.output,
                "optimizer": o.optimizer,
                "test_mse": o.error,
                "pca_mse": linear[o.bottleneck],
                "dead_codes": int((o.codes.std(axis=0) < 1e-6).sum()),
                "seconds": o.model.cost_["seconds"],
            }
            for o in outcomes
        ]
    )


def draw(outcomes: list[Outcome], test: Dataset, folder: Path) -> None:
    """Draw learning curves, reconstructions and latent pictures."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), sharex=True)
    for o in outcomes:
        axis = axes[BOTTLENECKS.index(o.bottleneck), list(OUTPUTS).index(o.output)]
        history = o.model.history_
        (line,) = axis.plot(history["epoch"], history["val_loss"], label=o.optimizer)
        axis.plot(history["epoch"], history["train_loss"], ":", color=line.get_color())
        axis.set(title=f"{o.bottleneck} codes; {o.output}", xlabel="epoch", yscale="log")
    axes[0, 0].legend(title="validation; dotted: training")
    axes[0, 0].set_ylabel("loss, a pixel")
    figure.tight_layout()
    figure.savefig(folder / "curves.png", dpi=110)

    clean = outcomes[0].model.encoding_.encode(test)[:SHOWN]
    rows = [("original", clean), *((o.label, o.rebuilt[:SHOWN]) for o in outcomes)]
    figure, axes = plt.subplots(len(rows), SHOWN, figsize=(SHOWN + 3, len(rows)))
    for line, (label, pictures) in zip(axes, rows, strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            axis.imshow(picture[0], cmap="gray_r", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")
    figure.tight_layout()
    figure.savefig(folder / "reconstructions.png", dpi=80)

    figure, axes = plt.subplots(2, 3, figsize=(11, 7))
    for o in (o for o in outcomes if o.optimizer == "adam"):
        axis = axes[BOTTLENECKS.index(o.bottleneck), list(OUTPUTS).index(o.output)]
        flat = PCA(2, random_state=0).fit_transform(o.codes)
        axis.scatter(*flat.T, c=test.codes, cmap="tab10", s=4)
        axis.set(title=f"{o.bottleneck} codes; {o.output}; adam", xticks=[], yticks=[])
    figure.tight_layout()
    figure.savefig(folder / "latent.png", dpi=110)
    plt.close("all")


def main() -> None:
    """Run the experiment from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="a name or path for further.data.load")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("lecture"))
    arguments = parser.parse_args()
    dataset = further.data.load(arguments.data)
    outcomes, test = train_all(dataset, arguments.epochs)
    train = dataset.take(dataset.split(seed=0).train)
    arguments.out.mkdir(parents=True, exist_ok=True)
    table = results(outcomes, train, test)
    table.to_csv(arguments.out / "results.csv", index=False)
    draw(outcomes, test, arguments.out)
    print(table.to_string(index=False, float_format="{:.4g}".format))


if __name__ == "__main__":
    main()
