"""Training steps on pictures that stay on the disk against the same pictures in memory.

Both sides read 64x64 pictures in a random order, encode them and take a step of a small
convolution; the best of several turns counts, so that what else the machine does decides nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from further.data import Dataset, fit_encoding
from further.data.picture_array import write_pictures

BATCH, BATCHES = 128, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    n = arguments.pictures
    pictures = np.random.default_rng(0).integers(0, 256, (n, 3, 64, 64), dtype=np.uint8)
    memory = Dataset("many", "images", pictures, levels=256)
    encoding, net = fit_encoding(memory), torch.nn.Conv2d(3, 16, 3, stride=2)

    def seconds(dataset: Dataset) -> float:
        order = np.random.default_rng(1).permutation(n)[: BATCH * BATCHES]
        start = time.perf_counter()
        for rows in order.reshape(-1, BATCH):
            net(torch.from_numpy(encoding.encode(dataset.take(rows)))).square().mean().backward()
        return time.perf_counter() - start

    with tempfile.TemporaryDirectory() as folder:
        array = write_pictures(Path(folder) / "many.npy", pictures.shape, pictures)
        disk = dataclasses.replace(memory, values=array)
        turns = [[seconds(memory), seconds(disk)] for _ in range(arguments.turns)]
    in_memory, on_disk = np.min(turns, axis=0)
    print(f"{BATCHES} steps on {n} pictures: memory {in_memory:.3f} s | disk {on_disk:.3f} s")
    print(f"disk / memory {on_disk / in_memory:.2f} (meant: at most 1.20)")


if __name__ == "__main__":
    main()
