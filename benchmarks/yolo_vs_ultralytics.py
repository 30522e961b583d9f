"""YOLO against Ultralytics' yolo26n, both from random weights on one set of boxes.

Both learn from the same pictures and are judged on the same held-out ones by the same code. The
peer is given what helps it where pictures are few: as many steps as it has batches (no accumulation
of gradients: nbs = batch), its own augmentation, no weights from elsewhere. Each runs for several
lengths, since a schedule has to end, and the question is what it takes to come to an AP50: printed
are seconds of training, milliseconds a picture and AP50 with its interval for each length. Seconds
are those of the processor, on one thread, so that what else the machine does counts little.

    python benchmarks/yolo_vs_ultralytics.py DATA --ours 10,20,60 --theirs 20,60 --size 320
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from processor import processor

from further import YOLO
from further.data import Dataset, load, write
from further.data.target import Boxes
from further.evaluate.vision.detection import ObjectPredictions

PEER = "yolo26n.yaml"


def _ours(train: Dataset, test: Dataset, epochs: int, given: argparse.Namespace) -> tuple:
    model = YOLO(
        size=given.size, augmentation=given.augmentation, budget=f"{epochs} epochs", random_state=0
    )
    started = time.process_time()
    model.fit(train)
    trained = time.process_time()
    found = model.predict(test, threshold=0.0)
    return trained - started, (time.process_time() - trained) / len(test), found


def _theirs(folder: Path, test: Dataset, epochs: int, given: argparse.Namespace) -> tuple:
    import ultralytics

    model = ultralytics.YOLO(PEER)
    turned = {"flipud": 0.5} if given.augmentation == "turn" else {}
    started = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        model.train(
            data=str(folder / "data.yaml"), epochs=epochs, imgsz=given.size, batch=given.batch,
            nbs=given.batch, pretrained=False, device="cpu", workers=0, cache="ram", val=False,
            plots=False, verbose=False, seed=0, project=str(folder / "runs"), **turned,
        )  # fmt: skip
        trained = time.process_time()
        pictures = [row.transpose(1, 2, 0)[..., ::-1].copy() for row in np.asarray(test.values)]
        results = [
            model.predict(picture, imgsz=given.size, conf=0.001, max_det=100, verbose=False)[0]
            for picture in pictures
        ]
    seconds = (time.process_time() - trained) / len(test)
    boxes = [result.boxes for result in results]
    names = [model.names[i] for i in range(len(model.names))]
    codes = torch.cat([box.cls for box in boxes]).long().numpy()
    target = test.target.seen_as("boxes")
    return trained - started, seconds, Boxes(
        "boxes", np.array([len(box) for box in boxes]),
        np.array([target.names.index(names[code]) for code in codes]), target.names,
        torch.cat([box.xyxy for box in boxes]).numpy(),
        torch.cat([box.conf for box in boxes]).numpy(),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--ours", default="10,20,60", help="epochs of each of our trainings")
    parser.add_argument("--theirs", default="20,60", help="epochs of each of the peer's")
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--augmentation", default="mirror")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(processor(dict(os.environ)), f"; torch {torch.__version__}", flush=True)
    data = load(given.data)
    split = data.split(seed=0, fractions=(0.8, 0.0, 0.2))
    test = data.take(split.test)
    train = data.take(np.concatenate([split.train, split.validation]))
    print(f"{data}: {len(train)} to learn from, {len(test)} held out")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "yolo"
        write(dataclasses.replace(train, official_split=None), folder, "yolo")
        # The peer insists on pictures to validate, and looks at none of them here.
        names = "".join(f"  {i}: {name}\n" for i, name in enumerate(train.target.names))
        where = next(folder.rglob("images"))
        (folder / "data.yaml").write_text(
            f"path: {folder}\ntrain: {where}\nval: {where}\nnames:\n{names}"
        )
        runs = [("further", int(n), _ours) for n in given.ours.split(",") if n]
        runs += [(PEER, int(n), _theirs) for n in given.theirs.split(",") if n]
        for name, epochs, run in runs:
            source = train if run is _ours else folder
            seconds, a_picture, found = run(source, test, epochs, given)
            score = ObjectPredictions(test.target.seen_as("boxes"), found).scores()
            ap50, ap = score["ap50"].estimate, score["ap"].estimate
            print(
                f"{name:14s} {epochs:4d} epochs {seconds:7.0f} s {1e3 * a_picture:6.1f} ms each"
                f"  AP50 {ap50.value:.3f} ({ap50.low:.3f} to {ap50.high:.3f})  AP {ap.value:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
