"""Training on pictures that stay on the disk: the same network, and little memory."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from further.data import load
from further.data.picture_array import write_pictures
from further.generate.autoencoder import Autoencoder
from peak_memory import with_tests


def test_rows_on_the_disk_train_the_same_network(tmp_path):
    memory = load("digits").take(np.arange(400))
    array = write_pictures(tmp_path / "digits.npy", memory.values.shape, memory.values)
    disk = dataclasses.replace(memory, values=array)
    model = Autoencoder(hidden=(16,), latent_dim=4, budget="20 steps", precision="float32",
                        random_state=0)  # fmt: skip
    one, other = (model.fit(data).history_ for data in (memory, disk))
    assert one.drop(columns="seconds").equals(other.drop(columns="seconds"))


MANY = """
import sys
from pathlib import Path
from further.data import Dataset
from further.data.picture_array import PictureArray
from further.generate.autoencoder import Autoencoder
from peak_memory import peak

dataset = Dataset("many", "images", PictureArray(Path(sys.argv[1])), levels=256)
Autoencoder(hidden=(64,), latent_dim=8, budget="50 steps", random_state=0).fit(dataset)
print(peak())
"""


@pytest.mark.slow
def test_50_000_pictures_train_in_less_than_a_gigabyte(tmp_path):
    n = 50_000
    base = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    pictures = (np.roll(base, i) for i in range(n))
    write_pictures(tmp_path / "many.npy", (n, 3, 64, 64), pictures)
    command = [sys.executable, "-c", MANY, str(tmp_path / "many.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=with_tests())
    assert float(done.stdout) < 2**30
