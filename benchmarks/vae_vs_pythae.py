"""Our VAE against pythae's trainer: the same network, optimizer, batches and epochs on MNIST.

The network is pythae's default (784-512-16 and back, binary cross-entropy). Each side runs as its
users would run it: pythae with its defaults on all cores, ours with ``precision="auto"``. The
validation loss is the same function on the same rows for both: -ELBO in nats, mean of 8 draws.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import tempfile
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from data import mnist
from further import VAE
from further.data import Dataset, Spec
from further.generate.likelihood import Bernoulli

LATENT, HIDDEN, BATCH, RATE = 16, 512, 128, 1e-3


class DenseNet(nn.Module):
    """pythae's default encoder and decoder."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.likelihood = Bernoulli(spec)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(spec.size, HIDDEN), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, spec.size)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.hidden(x)
        return self.mean(h), 0.5 * self.log_variance(h)

    def decode(self, z: Tensor, y: Tensor | None) -> Tensor:
        out: Tensor = self.decoder(z)
        return out


class DenseVAE(VAE):
    """Our VAE with that network."""

    def build(self, spec: Spec) -> Any:
        return DenseNet(spec)


def negative_elbo(mean: Tensor, log_scale: Tensor, decode: Any, x: Tensor) -> float:
    """Return -ELBO in nats a row, by the same draws for both sides."""
    generator = torch.Generator().manual_seed(0)
    rate = (0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale).sum(1)
    total = torch.zeros(len(x))
    for _ in range(8):
        z = mean + log_scale.exp() * torch.randn(mean.shape, generator=generator)
        p = decode(z).flatten(1).clamp(1e-7, 1 - 1e-7)
        total += nn.functional.binary_cross_entropy(p, x.flatten(1), reduction="none").sum(1)
    return float((total / 8 + rate).mean())


def ours(train: Dataset, validation: Dataset, x: Tensor, epochs: int) -> dict[str, Any]:
    start = time.perf_counter()
    model = DenseVAE(
        latent_dim=LATENT,
        likelihood="bernoulli",
        budget=f"{epochs} epochs",
        training={
            "optimizer": "adam", "learning_rate": RATE, "batch_size": BATCH, "averaging": 0.0,
            "weight_decay": 0.0, "schedule": "constant", "warmup": 0.0, "clip": None,
        },
        random_state=0,
    ).fit(train, validation=validation)  # fmt: skip
    seconds = time.perf_counter() - start
    net = model.net_
    with torch.no_grad():
        mean, log_scale = net.encode(x)
        loss = negative_elbo(mean, log_scale, lambda z: net.decode(z, None).sigmoid(), x)
    return {"seconds": seconds, "validation_loss": loss, "execution": model.execution_}


def theirs(train: Tensor, x: Tensor, epochs: int) -> dict[str, Any]:
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as PythaeVAE
    from pythae.models import VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.CRITICAL)
    torch.manual_seed(0)
    shape = tuple(train.shape[1:])
    config = VAEConfig(input_dim=shape, latent_dim=LATENT, reconstruction_loss="bce")
    model = PythaeVAE(config)
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        settings = BaseTrainerConfig(
            output_dir=folder, num_epochs=epochs, learning_rate=RATE, optimizer_cls="Adam",
            per_device_train_batch_size=BATCH, per_device_eval_batch_size=1024, no_cuda=True,
        )  # fmt: skip
        data = [BaseDataset(rows, torch.zeros(len(rows))) for rows in (train, x)]
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            start = time.perf_counter()
            trainer = BaseTrainer(
                model=model, train_dataset=data[0], eval_dataset=data[1], training_config=settings
            )
            trainer.train()
            seconds = time.perf_counter() - start
    model = trainer.model.eval()
    with torch.no_grad():
        out = model.encoder(x)
        loss = negative_elbo(
            out.embedding, 0.5 * out.log_covariance, lambda z: model.decoder(z).reconstruction, x
        )
    return {"seconds": seconds, "validation_loss": loss, "execution": "pythae's default"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    dataset = mnist()
    dataset = Dataset(dataset.name, "images", dataset.values, levels=dataset.levels)
    split = dataset.split(seed=0)
    train, validation = dataset.take(split.train), dataset.take(split.validation)
    encoded = [
        torch.from_numpy((part.values / (part.levels - 1)).astype(np.float32))
        for part in (train, validation)
    ]
    print(f"VAE 784-512-16 on {len(train)} pictures, {arguments.epochs} epochs of {BATCH}")
    ratios = []
    for _ in range(arguments.rounds):
        a = ours(train, validation, encoded[1], arguments.epochs)
        b = theirs(encoded[0], encoded[1], arguments.epochs)
        ratios.append(b["seconds"] / a["seconds"])
        for name, result in (("further", a), ("pythae", b)):
            print(
                f"  {name:8} {result['seconds']:7.2f} s  validation loss "
                f"{result['validation_loss']:.2f} nats  ({result['engine']})"
            )
        print(f"  ratio pythae / further {ratios[-1]:.2f}")
    print(f"median ratio {np.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")


if __name__ == "__main__":
    main()
