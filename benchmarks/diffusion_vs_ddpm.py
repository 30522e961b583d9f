"""Our diffusion model against denoising-diffusion-pytorch on digits padded to 16x16.

Three figures: time of a training step, time to sample 64 pictures, and the time of training after
which 256 samples come within a modest kernel distance of held-out digits (raw pixels, the same
judge for both; judging is not timed). Each side runs as its users would: the peer with its U-Net
(dim 16), velocity prediction, its own averaged weights and ``sampling_timesteps``, at the best of
the learning rates tried; ours with its defaults.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import kernel_distance, padded_digits
from further import Diffusion
from further.data import Dataset
from further.train.callbacks.callback import Callback
from further.train.loop import Loop

BATCH, SAMPLES, SHEET = 128, 256, 64
# Noise scores about 0.7, held-out digits 0.00 and a Gaussian blur of the mean 0.2.
MODEST = 0.02
SAMPLING_STEPS = 20
# Steps between two looks at the samples.
EVERY = 30


class Watch:
    """Seconds of training, with the judging taken out, and when the target was reached."""

    def __init__(self, real: np.ndarray) -> None:
        self.real = real
        self.start, self.judging = time.perf_counter(), 0.0
        self.curve: list[tuple[float, float]] = []

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start - self.judging

    @property
    def reached(self) -> float | None:
        return next((s for s, distance in self.curve if distance <= MODEST), None)


class Judge(Callback):
    """Judge our averaged weights every few steps."""

    def __init__(self, model: Diffusion, watch: Watch, every: int) -> None:
        self.model, self.watch, self.every = model, watch, every

    def on_step(self, loop: Loop) -> None:
        if loop.step % self.every:
            return
        start = time.perf_counter()
        seconds = self.watch.seconds
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            x = self.model.generate(loop.average.net, SAMPLES, None, generator)
        self.watch.curve.append((seconds, kernel_distance(grid(x), self.watch.real)))
        self.watch.judging += time.perf_counter() - start


def grid(x: Tensor) -> np.ndarray:
    """Return pictures on the 17 grey levels."""
    return (x.clamp(0, 1) * 16).round().numpy() / 16


def ours(train: Dataset, real: np.ndarray, steps: int, every: int) -> dict[str, Any]:
    model = Diffusion(
        budget=f"{steps} steps", training={"batch_size": BATCH, "keep": "last"}, random_state=0
    )
    watch = Watch(real)
    model.fit(train, validation=train.take(np.arange(16)), callbacks=[Judge(model, watch, every)])
    # The fit of the likelihood bound, which the peer does not have, comes after the training.
    per_step = (model.cost_["seconds"] - watch.judging) / steps
    start = time.perf_counter()
    model.sample(SHEET, random_state=0)
    sampling = time.perf_counter() - start
    return {
        "parameters": model.n_parameters_, "ms_per_step": per_step * 1e3,
        "sampling_seconds": sampling, "seconds_to_quality": watch.reached, "curve": watch.curve,
        "execution": str(model.execution_),
    }  # fmt: skip


def theirs(x: Tensor, real: np.ndarray, steps: int, every: int, rate: float) -> dict[str, Any]:
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet
    from ema_pytorch import EMA

    torch.manual_seed(0)
    net = Unet(dim=16, dim_mults=(1, 2, 4), channels=1, flash_attn=False)
    model = GaussianDiffusion(
        net, image_size=16, timesteps=1000, sampling_timesteps=SAMPLING_STEPS, objective="pred_v"
    )
    average = EMA(model, beta=0.995, update_every=10)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.99))
    watch = Watch(real)
    for step in range(steps):
        batch = x[torch.randint(len(x), (BATCH,))]
        loss = model(batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update()
        if (step + 1) % every == 0:
            start = time.perf_counter()
            seconds = watch.seconds
            with torch.no_grad():
                samples = quiet_sample(average.ema_model, SAMPLES)
            watch.curve.append((seconds, kernel_distance(grid(samples), real)))
            watch.judging += time.perf_counter() - start
    per_step = watch.seconds / steps
    start = time.perf_counter()
    quiet_sample(average.ema_model, SHEET)
    sampling = time.perf_counter() - start
    return {
        "parameters": sum(p.numel() for p in net.parameters()), "ms_per_step": per_step * 1e3,
        "sampling_seconds": sampling, "seconds_to_quality": watch.reached, "curve": watch.curve,
        "execution": f"float32, {torch.get_num_threads()} threads, learning rate {rate:g}",
    }  # fmt: skip


def quiet_sample(model: Any, n: int) -> Tensor:
    """Sample from the peer without its progress bar."""
    import contextlib
    import os

    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        out: Tensor = model.sample(batch_size=n)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="of ours")
    parser.add_argument("--peer-steps", type=int, default=300)
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3])
    arguments = parser.parse_args()
    dataset = padded_digits()
    split = dataset.split(seed=0)
    train, test = dataset.take(split.train), dataset.take(split.test)
    x = torch.from_numpy(train.values.astype(np.float32) / 16)
    real = test.values / 16.0
    print(
        f"Diffusion on {len(train)} digits padded to 16x16, batch {BATCH}; kernel distance of "
        f"training to test rows {kernel_distance(train.values / 16.0, real):.4f}, target {MODEST}"
    )
    a = ours(train, real, arguments.steps, every=EVERY)
    peers = [theirs(x, real, arguments.peer_steps, EVERY, rate) for rate in arguments.rates]
    b = min(peers, key=lambda r: r["seconds_to_quality"] or np.inf)
    for name, result in (("further", a), *(("denoising-diffusion-pytorch", p) for p in peers)):
        reached = result["seconds_to_quality"]
        print(
            f"  {name:28} {result['parameters']:8} parameters  {result['ms_per_step']:7.1f} ms/step"
            f"  {result['sampling_seconds']:6.2f} s for {SHEET} samples  "
            f"{'never' if reached is None else f'{reached:.1f} s'} to {MODEST}  "
            f"last distance {result['curve'][-1][1]:.4f}  ({result['engine']})"
        )
    print(f"ratio of step times {b['ms_per_step'] / a['ms_per_step']:.2f}")
    print(f"ratio of sampling times {b['sampling_seconds'] / a['sampling_seconds']:.2f}")
    if a["seconds_to_quality"] and b["seconds_to_quality"]:
        print(f"ratio of times to quality {b['seconds_to_quality'] / a['seconds_to_quality']:.2f}")


if __name__ == "__main__":
    main()
