"""Two processes of torchrun, on CPU with gloo, against one process with the same global batch."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load as load_weights

from further.train.processes import decided_by_first, first_goes_first, is_alone, is_first
from small_models import make_small

# Gradients are the mean of two means instead of one, so that sums are rounded in another order;
# fifty steps let that grow.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
STEPS = 50

TRAIN = """
import os, sys, time
import numpy as np
from further.train.callbacks import checkpoint
from further.train.callbacks.callback import Callback
from further import Autoencoder
import further.generate.autoencoder
checkpoint.SECONDS_BETWEEN = 0.0
rank = int(os.environ.get("RANK", "0"))
out, budget, stop, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), eval(sys.argv[4])
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 8))

class Stop(Callback):
    def on_step(self, loop):
        if loop.step == stop:
            loop.fabric.barrier()
            os._exit(7)

model = Autoencoder(latent_dim=2, hidden=(16,), budget=budget, training={"batch_size": 64},
                    random_state=seed)
model.fit(X, run=out, callbacks=[Stop()])
np.savez(f"{out}.{rank}.npz", **{k: v.numpy() for k, v in model.net_.state_dict().items()})
"""


def torchrun(folder, out, *, budget=f"{STEPS} steps", stop=0, seed=0, check=True):
    (folder / "train.py").write_text(TRAIN)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone",
        str(folder / "train.py"), str(folder / out), budget, str(stop), str(seed),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


def one_process(run=None):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 8))
    model = make_small(
        "autoencoder", latent_dim=2, hidden=(16,), budget=f"{STEPS} steps",
        training={"batch_size": 64},
    )  # fmt: skip
    return model.fit(X, run=run)


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path):
    torchrun(tmp_path, "two")
    alone = one_process(tmp_path / "one")
    weights = load_weights((tmp_path / "two" / "model.safetensors").read_bytes())
    trained = [name for name, _ in alone.net_.named_parameters()]
    for name in trained:
        torch.testing.assert_close(
            weights[f"net_.{name}"], alone.net_.state_dict()[name], **TOLERANCE
        )
    # All processes end with the same weights, to the bit.
    first, second = (np.load(tmp_path / f"two.{rank}.npz") for rank in (0, 1))
    for name in trained:
        np.testing.assert_array_equal(first[name], second[name])
    two, one = (json.loads((tmp_path / name / "run.json").read_text()) for name in ("two", "one"))
    assert two["status"] == "finished"
    assert two["total_steps"] == one["total_steps"] == STEPS
    assert two["flops_per_step"] == pytest.approx(one["flops_per_step"])
    assert not list(tmp_path.rglob(".partial-*"))


@pytest.mark.slow
def test_two_processes_resume_bit_for_bit(tmp_path):
    torchrun(tmp_path, "whole", budget="30 steps")
    assert torchrun(tmp_path, "resumed", budget="30 steps", stop=11, check=False).returncode != 0
    record = json.loads((tmp_path / "resumed" / "run.json").read_text())
    assert record["status"] == "running"
    torchrun(tmp_path, "resumed", budget="30 steps")
    whole, resumed = (
        (tmp_path / run / "model.safetensors").read_bytes() for run in ("whole", "resumed")
    )
    assert whole == resumed


@pytest.mark.slow
def test_two_processes_agree_on_time_and_seed(tmp_path):
    """Clocks and drawn seeds differ between processes; what is decided from them must not."""
    torchrun(tmp_path, "run", budget="0.5 s", seed=None)
    first, second = (np.load(tmp_path / f"run.{rank}.npz") for rank in (0, 1))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_one_process_is_alone():
    assert is_alone()
    assert is_first()
    assert decided_by_first(3) == 3
    with first_goes_first():
        pass


def test_only_the_first_process_writes(tmp_path, monkeypatch):
    from further.train.files import write_text

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    write_text(tmp_path / "a.txt", "a")
    assert not (tmp_path / "a.txt").exists()
    monkeypatch.setenv("RANK", "0")
    write_text(tmp_path / "a.txt", "a")
    assert (tmp_path / "a.txt").read_text() == "a"
