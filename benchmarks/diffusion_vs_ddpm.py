"""Our diffusion model against denoising-diffusion-pytorch on digits padded to 16x16.

Three figures: time of a training step, time to sample 64 pictures, and the time of training after
which 256 samples come within a modest kernel distance of held-out digits (raw pixels, the same
judge for both; judging is not timed). Each side runs as its users would: the peer with its U-Net
(dim 16), velocity prediction, its own averaged weights and ``sampling_timesteps``, at the best of
the learning rates tried; ours with its defaults. A side trains for so many minutes at most, and
what it reached by then is said.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import kernel_distance, padded_digits
from further import Diffusion
from further.data import Dataset
from further.train.callbacks.callback import Callback
from further.train.loop import Loop

PEER = "denoising-diffusion-pytorch"
BATCH, SAMPLES, SHEET = 128, 256, 64
# Noise scores about 0.7, held-out digits 0.00 and a Gaussian blur of the mean 0.2.
MODEST = 0.02
SAMPLING_STEPS = 20
# Steps between two looks at the samples.
EVERY = 30


class Watch:
    """Seconds of training, with the judging taken out, and when the target was reached."""

    def __init__(self, name: str, real: np.ndarray, minutes: float) -> None:
        self.name, self.real, self.limit = name, real, 60 * minutes
        self.start, self.judging = time.perf_counter(), 0.0
        self.curve: list[tuple[float, float]] = []

    @property
    def over(self) -> bool:
        """Whether the time of this side is up, its judging included."""
        return time.perf_counter() - self.start > self.limit

    def judge(self, step: int, draw: Callable[[], Tensor]) -> None:
        """Draw samples, judge them and say so; nothing of that is time of training."""
        start, seconds = time.perf_counter(), self.seconds
        with torch.no_grad():
            distance = kernel_distance(grid(draw()), self.real)
        self.curve.append((seconds, distance))
        say(
            f"  {self.name:28} step {step:4}  {seconds:6.1f} s of training  distance {distance:.4f}"
        )
        self.judging += time.perf_counter() - start

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
        generator = torch.Generator().manual_seed(1)
        if loop.step % self.every == 0:
            net = loop.average.net
            self.watch.judge(loop.step, lambda: self.model.generate(net, SAMPLES, {}, generator))
        loop.stopped = loop.stopped or self.watch.over


def grid(x: Tensor) -> np.ndarray:
    """Return pictures on the 17 grey levels."""
    return (x.clamp(0, 1) * 16).round().numpy() / 16


def ours(
    train: Dataset, real: np.ndarray, steps: int, every: int, minutes: float
) -> dict[str, Any]:
    model = Diffusion(
        budget=f"{steps} steps", training={"batch_size": BATCH, "keep": "last"}, random_state=0
    )
    watch = Watch("further", real, minutes)
    model.fit(train, validation=train.take(np.arange(16)), callbacks=[Judge(model, watch, every)])
    # The fit of the likelihood bound, which the peer does not have, comes after the training.
    per_step = (model.cost_["seconds"] - watch.judging) / model.cost_["steps"]
    start = time.perf_counter()
    model.sample(SHEET, random_state=0)
    sampling = time.perf_counter() - start
    return {
        "parameters": model.n_parameters_, "ms_per_step": per_step * 1e3,
        "sampling_seconds": sampling, "seconds_to_quality": watch.reached, "curve": watch.curve,
        "execution": f"{model.execution_}; {model.execution_.reason}",
    }  # fmt: skip


def theirs(
    x: Tensor, real: np.ndarray, steps: int, every: int, rate: float, minutes: float
) -> dict[str, Any]:
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet
    from ema_pytorch import EMA

    torch.manual_seed(0)
    net = Unet(dim=16, dim_mults=(1, 2, 4), channels=1, flash_attn=False)
    model = GaussianDiffusion(
        net, image_size=16, timesteps=1000, sampling_timesteps=SAMPLING_STEPS, objective="pred_v"
    )
    average = EMA(model, beta=0.995, update_every=10)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.99))
    watch = Watch(PEER, real, minutes)
    for step in range(1, steps + 1):
        batch = x[torch.randint(len(x), (BATCH,))]
        loss = model(batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update()
        if step % every == 0:
            watch.judge(step, lambda: quiet_sample(average.ema_model, SAMPLES))
        if watch.over:
            break
    per_step = watch.seconds / step
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


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="of ours")
    parser.add_argument("--peer-steps", type=int, default=300)
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3])
    parser.add_argument("--minutes", type=float, default=6.0, help="at most, of each side")
    arguments = parser.parse_args()
    dataset = padded_digits()
    split = dataset.split(seed=0)
    train, test = dataset.take(split.train), dataset.take(split.test)
    x = torch.from_numpy(train.values.astype(np.float32) / 16)
    real = test.values / 16.0
    say(
        f"Diffusion on {len(train)} digits padded to 16x16, batch {BATCH}; kernel distance of "
        f"training to test rows {kernel_distance(train.values / 16.0, real):.4f}, target {MODEST}"
    )
    minutes = arguments.minutes
    a = ours(train, real, arguments.steps, EVERY, minutes)
    peers = [
        theirs(x, real, arguments.peer_steps, EVERY, rate, minutes / len(arguments.rates))
        for rate in arguments.rates
    ]
    b = min(peers, key=lambda r: r["seconds_to_quality"] or np.inf)
    for name, result in (("further", a), *((PEER, p) for p in peers)):
        reached = result["seconds_to_quality"]
        last = result["curve"][-1][1] if result["curve"] else float("nan")
        say(
            f"  {name:28} {result['parameters']:8} parameters  {result['ms_per_step']:7.1f} ms/step"
            f"  {result['sampling_seconds']:6.2f} s for {SHEET} samples  "
            f"{'never' if reached is None else f'{reached:.1f} s'} to {MODEST}  "
            f"last distance {last:.4f}  ({result['execution']})"
        )
    say(f"ratio of step times {b['ms_per_step'] / a['ms_per_step']:.2f}")
    say(f"ratio of sampling times {b['sampling_seconds'] / a['sampling_seconds']:.2f}")
    if a["seconds_to_quality"] and b["seconds_to_quality"]:
        say(f"ratio of times to quality {b['seconds_to_quality'] / a['seconds_to_quality']:.2f}")


if __name__ == "__main__":
    main()
