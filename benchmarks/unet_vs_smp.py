"""Our U-Net against that of segmentation-models-pytorch, on pictures with masks of classes.

Both learn from the same pictures, through the same random windows, the same loss and the same
optimizer, from random initial weights, on one thread; the peer (with the encoder of a ResNet-18, at
the learning rate given) in bfloat16 with channels last where that is faster, as ours measures too.
Ours trains for so many steps; the peer then gets twice the processor time. Seconds are those of the
processor, so that what else the machine does counts little.

    python benchmarks/unet_vs_smp.py FOLDER --steps 200 --rates 1e-3
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from processor import processor

from further.data import load
from further.data.dataset import Dataset
from further.data.target import Mask
from further.evaluate.vision.segmentation import MaskPredictions
from further.train.execution import choose_execution
from further.train.processes import make_fabric
from further.vision.mask_loss import mask_losses
from further.vision.mask_windows import windows
from further.vision.unet import UNet

#: Held-out share of the pictures, and how much more time the peer gets.
TESTED, MORE = 0.2, 2.0


def main() -> None:
    """Train both and print a line each."""
    arguments = parsed()
    torch.set_num_threads(1)
    data = load(arguments.folder)
    rows = np.random.default_rng(0).permutation(len(data))
    n_test = round(TESTED * len(data))
    test, train = data.take(np.sort(rows[-n_test:])), data.take(np.sort(rows[:-n_test]))
    print(processor(dict(os.environ)), f"; torch {torch.__version__}")
    print(f"{len(train)} pictures to train, {len(test)} to test; {len(data.target.names)} classes")
    for seed in arguments.seeds:
        model = UNet(
            budget=f"{arguments.steps} steps", augmentation=arguments.augmentation,
            precision=arguments.precision, width=arguments.width, random_state=seed,
        )  # fmt: skip
        start = time.process_time()
        model.fit(train)
        seconds = time.process_time() - start
        print(" ".join(model.notes_), model.execution_)
        tell(
            f"further, seed {seed}",
            arguments.steps,
            seconds,
            test,
            partial(classes_of, model),
        )
        for rate in arguments.rates:
            net, steps, spent = peer(model, train, rate, MORE * seconds, seed)
            tell(f"smp, seed {seed}, rate {rate:g}", steps, spent, test, partial(said, net, model))


def peer(
    model: UNet, train: Dataset, rate: float, seconds: float, seed: int
) -> tuple[Any, int, float]:
    """Return the peer's network, trained for so many seconds of the processor, and its steps."""
    import segmentation_models_pytorch as smp

    torch.manual_seed(seed)
    channels, n_classes = train.values.shape[1], len(train.target.names)
    net = smp.Unet("resnet18", encoder_weights=None, in_channels=channels, classes=n_classes)
    batch, generator = model._batch(train), torch.Generator().manual_seed(seed)
    settings = model.training_settings().override({"learning_rate": rate})
    optimizer = settings.make_optimizer(list(net.parameters()))
    size = min(settings.batch_size, len(train))

    def loss(execution: Any, rows: torch.Tensor) -> torch.Tensor:
        some = batch.take(rows)
        seen = windows(
            some.x, some["mask"], some["sides"], model.patch_, model.augmentation, generator
        )
        execution.place(net)
        layout = torch.channels_last if execution.channels_last else torch.contiguous_format
        with make_fabric(execution).autocast():
            logits = net(2 * seen.x.contiguous(memory_format=layout) - 1)
        return mask_losses(logits, seen.mask, model.loss)["loss"]

    def tried(execution: Any) -> torch.Tensor:
        generator.manual_seed(seed)
        value = loss(execution, torch.arange(size))
        value.backward()
        return value

    start = time.process_time()
    execution = choose_execution(tried, has_convolutions=True)
    print("peer:", execution)
    order, step = torch.Generator().manual_seed(seed), 0
    rows = torch.randperm(len(train), generator=order)
    while (spent := time.process_time() - start) < seconds:
        if len(rows) < size:
            rows = torch.randperm(len(train), generator=order)
        optimizer.zero_grad()
        loss(execution, rows[:size]).backward()
        rows = rows[size:]
        torch.nn.utils.clip_grad_norm_(net.parameters(), settings.clip)
        for group in optimizer.param_groups:
            group["lr"] = rate * settings.learning_rate_factor(spent / seconds)
        optimizer.step()
        step += 1
    return net.eval(), step, spent


def classes_of(model: UNet, test: Dataset) -> NDArray[np.uint8]:
    """Return the classes that ours sees in whole pictures."""
    return model.predict(test).codes


def said(net: Any, model: UNet, test: Dataset) -> NDArray[np.uint8]:
    """Return the classes that the peer sees in whole pictures, which come to it as to ours."""
    height, width = test.values.shape[2:]
    found = []
    for picture in model.encoding_.encode(test):
        x = torch.from_numpy(picture)[None].float() / 127.5 - 1
        x = F.pad(x, (0, -x.shape[3] % 32, 0, -x.shape[2] % 32), mode="replicate")
        with torch.no_grad():
            found.append(net(x)[0, :, :height, :width].argmax(dim=0).to(torch.uint8).numpy())
    return np.stack(found)


def tell(
    name: str, steps: int, seconds: float, test: Dataset,
    predict: Callable[[Dataset], NDArray[np.uint8]],
) -> None:  # fmt: skip
    """Print the figures of a model on the test pictures."""
    start = time.process_time()
    predicted = Mask("mask", predict(test), test.target.names)
    each = (time.process_time() - start) / len(test)
    told = f"{name:26} {steps:4} steps {seconds:6.1f} s, {each:.3f} s a picture:"
    judged = MaskPredictions(test.target, predicted)
    for metric, score in judged.scores().items():
        if score is not None and (found := score.estimate).low is not None:
            told += f" {metric} {found.value:.4f} ({found.low:.4f} to {found.high:.4f})"
    print(told)
    if len(test.target.names) > 2:
        by_class = judged.scores_by_class()["iou"]
        print(
            "  IoU", *(f"{k} {v.estimate.value:.2f}" for k, v in by_class.items() if v is not None)
        )
    sys.stdout.flush()


def parsed() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--rates", type=float, nargs="*", default=[1e-3])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--augmentation", default="turn")
    return parser.parse_args()


if __name__ == "__main__":
    main()
