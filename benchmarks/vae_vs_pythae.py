"""Our VAE against pythae's trainer: the same network, optimizer, batches and epochs on MNIST.

The network is pythae's default (784-512-16 and back, binary cross-entropy). Each side runs as its
users would run it: pythae with its defaults on all cores, ours with ``precision="auto"``. Beside
them stands what the machine can do at all: a plain loop in torch of the same training, and the bare
matrix products of its steps, on one thread and on all. What each side imports when it first trains
(for ours some 3 s, of torch's compiler and of Lightning Fabric) is loaded before the clock starts.

Equal work cannot be much faster than a plain loop. What a recipe can give is the time until the
same validation loss and the same distance of samples to held-out rows: ours with its own settings
(AdamW, cosine schedule, averaged weights, codes drawn from a fitted mixture) and small batches at a
high rate, for growing numbers of epochs. The validation loss is the same function on the same rows
for both: -ELBO in nats, mean of 8 draws; MMD² is that of raw pixels (:func:`data.kernel_distance`),
1,000 samples as the model gives them (means of pixels, on both sides) against as many test rows.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from data import kernel_distance, mnist
from further import VAE
from further.data import Dataset, Spec
from further.generate.likelihood import Bernoulli
from further.generate.prior import make_prior

LATENT, HIDDEN, BATCH, RATE = 16, 512, 128, 1e-3
SAMPLES = 1000
TRIED_EPOCHS = (1, 2, 3, 5, 8)
PLAIN = {
    "optimizer": "adam", "learning_rate": RATE, "batch_size": BATCH, "averaging": 0.0,
    "weight_decay": 0.0, "schedule": "constant", "warmup": 0.0, "clip": None,
}  # fmt: skip
# What short trainings of so small a network on one thread gain most by.
RECIPE = {"batch_size": 32, "learning_rate": 8e-3}


@dataclass
class Result:
    """What a training gave."""

    seconds: float
    loss: float
    distance: float
    how: str


class DenseNet(nn.Module):
    """pythae's default encoder and decoder."""

    def __init__(self, spec: Spec, prior: str = "standard") -> None:
        super().__init__()
        self.likelihood = Bernoulli(spec)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(spec.size, HIDDEN), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, spec.size)
        )
        self.prior = make_prior(prior).build(spec, LATENT)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.hidden(x)
        return self.mean(h), 0.5 * self.log_variance(h)

    def decode(self, z: Tensor, y: Tensor | None) -> Tensor:
        out: Tensor = self.decoder(z)
        return out


class DenseVAE(VAE):
    """Our VAE with that network."""

    def build(self, spec: Spec) -> Any:
        return DenseNet(spec, self.prior)


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


def ours(
    train: Dataset, validation: Dataset, x: Tensor, real: np.ndarray, epochs: int, **options: Any
) -> Result:
    start = time.perf_counter()
    model = DenseVAE(
        latent_dim=LATENT, likelihood="bernoulli", budget=f"{epochs} epochs", random_state=0,
        **options,
    ).fit(train, validation=validation)  # fmt: skip
    seconds = time.perf_counter() - start
    net = model.net_
    with torch.no_grad():
        mean, log_scale = net.encode(x)
        loss = negative_elbo(mean, log_scale, lambda z: net.decode(z, None).sigmoid(), x)
    samples = model.sample_encoded(SAMPLES, {}, 0)
    distance = kernel_distance(samples, real)
    return Result(seconds, loss, distance, f"{model.execution_}; {model.execution_.reason}")


def theirs(train: Tensor, x: Tensor, real: np.ndarray, epochs: int) -> Result:
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
        z = torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(0))
        samples = model.decoder(z).reconstruction.numpy()
    distance = kernel_distance(samples, real)
    return Result(seconds, loss, distance, f"its defaults, {torch.get_num_threads()} threads")


def plain_loop(spec: Spec, train: Tensor, epochs: int) -> float:
    """Return the seconds of the same training, written in torch without anything around it."""
    torch.manual_seed(0)
    net = DenseNet(spec)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
    start = time.perf_counter()
    for _ in range(epochs):
        for rows in torch.randperm(len(train)).split(BATCH)[: len(train) // BATCH]:
            x = train[rows]
            mean, log_scale = net.encode(x)
            z = mean + log_scale.exp() * torch.randn_like(mean)
            distortion = nn.functional.binary_cross_entropy_with_logits(
                net.decode(z, None), x.flatten(1), reduction="sum"
            )
            rate = (0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale).sum()
            optimizer.zero_grad()
            ((distortion + rate) / BATCH).backward()
            optimizer.step()
    return time.perf_counter() - start


def matrix_products(size: int, steps: int) -> float:
    """Return the seconds of the products of so many steps: of each layer, and of its gradients."""
    layers = [(size, HIDDEN), (HIDDEN, LATENT), (HIDDEN, LATENT), (LATENT, HIDDEN), (HIDDEN, size)]
    operands = [
        (torch.randn(BATCH, n), torch.randn(m, n), torch.randn(BATCH, m)) for n, m in layers
    ]
    start = time.perf_counter()
    with torch.no_grad():
        for _ in range(steps):
            for layer, (x, weight, gradient) in enumerate(operands):
                x @ weight.T
                gradient.T @ x
                if layer:  # nobody asks for the gradient of the pictures
                    gradient @ weight
    return time.perf_counter() - start


def on_threads(threads: int, work: Callable[[], float]) -> float:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return work()
    finally:
        torch.set_num_threads(before)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    epochs = arguments.epochs
    dataset = mnist()
    dataset = Dataset(dataset.name, "images", dataset.values, levels=dataset.levels)
    split = dataset.split(seed=0)
    train, validation, test = (
        dataset.take(rows) for rows in (split.train, split.validation, split.test)
    )
    x, held_out, real = (
        torch.from_numpy((part.values / (part.levels - 1)).astype(np.float32))
        for part in (train, validation, test.take(np.arange(min(SAMPLES, len(test)))))
    )
    few = train.take(np.arange(2 * BATCH))
    ours(few, validation, held_out, real.numpy(), 1, prior="standard", training=PLAIN)
    theirs(x[: 2 * BATCH], held_out, real.numpy(), 1)
    say(f"VAE 784-512-16 on {len(train)} pictures, {epochs} epochs of {BATCH}")
    spec = Spec(tuple(x.shape[1:]), levels=dataset.levels)
    ratios, mine, peers = [], [], []
    loops: dict[int, list[float]] = {n: [] for n in sorted({1, torch.get_num_threads()})}
    for _ in range(arguments.rounds):
        mine.append(
            ours(
                train, validation, held_out, real.numpy(), epochs, prior="standard", training=PLAIN
            )
        )
        peers.append(theirs(x, held_out, real.numpy(), epochs))
        ratios.append(peers[-1].seconds / mine[-1].seconds)
        for name, result in (("further", mine[-1]), ("pythae", peers[-1])):
            say(
                f"  {name:8} {result.seconds:7.2f} s  validation loss {result.loss:.2f} nats  "
                f"MMD² {result.distance:.4f}  ({result.how})"
            )
        say(f"  ratio pythae / further {ratios[-1]:.2f}")
        for threads, seconds in loops.items():
            seconds.append(on_threads(threads, lambda: plain_loop(spec, x, epochs)))
    say(f"median ratio {np.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")

    fastest = min(result.seconds for result in mine)
    steps = len(train) // BATCH * epochs
    for threads, seconds in loops.items():
        loop = min(seconds)
        bare = on_threads(threads, lambda: min(matrix_products(spec.size, steps) for _ in range(2)))
        say(
            f"on {threads} thread{'s' * (threads > 1)}: plain loop {loop:.2f} s, bare products "
            f"{bare:.2f} s; further takes {fastest / loop:.2f} of the loop, "
            f"{fastest - bare:.2f} s ({fastest / bare - 1:.0%}) above the products"
        )

    peer = min(peers, key=lambda result: result.seconds)
    say(
        f"time to what pythae reaches in {peer.seconds:.2f} s, {peer.loss:.2f} nats and MMD² "
        f"{peer.distance:.4f}, with our own settings and {RECIPE}:"
    )
    reached: dict[str, float] = {}
    for tried in TRIED_EPOCHS:
        result = ours(
            train, validation, held_out, real.numpy(), tried, prior="mixture", training=RECIPE
        )
        say(
            f"  {tried} epochs {result.seconds:7.2f} s  validation loss {result.loss:.2f} nats  "
            f"MMD² {result.distance:.4f}"
        )
        if result.loss <= peer.loss:
            reached.setdefault("validation loss", result.seconds)
        if result.distance <= peer.distance:
            reached.setdefault("MMD²", result.seconds)
        if len(reached) == 2:
            break
    for name in ("validation loss", "MMD²"):
        seconds = reached.get(name)
        told = "not reached" if seconds is None else f"ratio {peer.seconds / seconds:.2f}"
        say(f"same {name}: {told}")


if __name__ == "__main__":
    main()
