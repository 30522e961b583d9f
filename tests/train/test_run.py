"""The run folder: what is in it, and that other tools can read it."""

from __future__ import annotations

import getpass
import json
import math
import platform

import numpy as np
import pandas as pd
import pytest

from further.errors import RunError
from further.train.callbacks.progress import Progress
from further.train.files import finite, read_json, write_bytes, write_json, write_text
from further.train.load import load
from further.train.run import Run, machine, versions
from small_models import NETWORKS, make_small

X = np.random.default_rng(0).normal(size=(60, 3))


def test_what_a_fit_leaves(tmp_path):
    make_small("vae", budget="4 epochs").fit(X, run=tmp_path / "run")
    run = tmp_path / "run"
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert files - {".lock"} == {
        "run.json", "history.csv", "model.safetensors", "model.json", "checkpoints/last.pt",
    }  # fmt: skip
    record = json.loads((run / "run.json").read_text())
    assert record["schema"] == 1
    assert record["status"] == "finished"
    assert record["model"] == "vae"
    assert record["seed"] == 0
    assert record["parameters"]["budget"] == "4 epochs"
    assert len(record["data"]["fingerprint"]) == 64
    assert record["execution"] == {
        "precision": "32-true", "threads": 1, "channels_last": False, "device": "cpu",
        "reason": "as asked for",
    }  # fmt: skip
    assert record["budget"] == {"text": "4 epochs", "reproducible": True}
    assert record["steps"] == record["total_steps"] == 4
    assert record["training_flops"] == 4 * record["flops_per_step"] > 0
    assert record["seconds"] > 0
    assert record["energy_wh"] > 0
    assert "estimated" in record["energy_method"] or "RAPL" in record["energy_method"]
    assert record["versions"]["torch"]
    history = pd.read_csv(run / "history.csv")
    assert list(history.columns) == [
        "step", "epoch", "seconds", "learning_rate",
        "train_loss", "train_reconstruction", "train_rate",
        "val_loss", "val_reconstruction", "val_rate",
        "fit_loss", "fit_reconstruction", "fit_rate",
    ]  # fmt: skip
    assert list(history["epoch"]) == [1, 2, 3, 4]


def test_the_history_of_a_gan_names_both_networks(tmp_path):
    history = make_small("gan").fit(X, run=tmp_path).history_
    for name in ("train_generator_loss", "train_discriminator_loss", "train_generator_accuracy",
                 "train_discriminator_accuracy", "val_kernel_distance"):  # fmt: skip
        assert history[name].notna().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_fit_without_a_run_writes_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_small(name).fit(X)
    assert not list(tmp_path.iterdir())


def test_nothing_private_is_recorded():
    facts = json.dumps([versions(), machine()])
    if len(getpass.getuser()) > 4:
        assert getpass.getuser() not in facts
    assert platform.node() not in facts


def test_load_asks_for_what_is_missing(tmp_path):
    with pytest.raises(RunError, match="is not a run: it has no run"):
        load(tmp_path)
    Run.create(tmp_path / "run", command="fit", model="vae")
    with pytest.raises(RunError, match="has not finished"):
        load(tmp_path / "run")


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.json", b"{}"), ("model.json", b"[]"), ("run.json", b"[]"),
     ("model.safetensors", b"no weights"), ("model.safetensors", None)],
)  # fmt: skip
def test_a_damaged_file_of_a_run_is_said_to_be(tmp_path, name, content):
    run = tmp_path / "run"
    make_small("vae", budget="2 steps").fit(X, run=run)
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    with pytest.raises(RunError, match="is damaged"):
        Run(run) if name == "run.json" else load(run)


def test_an_error_is_recorded_and_forgotten(tmp_path):
    run = Run.create(tmp_path, command="fit")
    with pytest.raises(ZeroDivisionError), run.working():
        1 / 0  # noqa: B018
    assert Run(tmp_path).status == "failed"
    assert Run(tmp_path).record["error"] == "ZeroDivisionError: division by zero"
    run.update(status="finished")
    assert "error" not in Run(tmp_path).record


def test_status_of_a_run_that_works_and_one_that_was_killed(tmp_path):
    run = Run.create(tmp_path, command="fit")
    assert run.status == "interrupted"
    with run.working():
        assert Run(tmp_path).status == "running"
    assert Run(tmp_path).status == "interrupted"


def test_files_of_any_content(tmp_path):
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"\x00\xff"
    write_text(tmp_path / "t.txt", "Größe 10 µm\n")
    assert (tmp_path / "t.txt").read_text(encoding="utf-8") == "Größe 10 µm\n"
    content = {"a": [1, 2.5, None, "β"], "b": {"c": True}}
    write_json(tmp_path / "x.json", content)
    assert read_json(tmp_path / "x.json") == content


def test_what_json_cannot_hold_becomes_what_it_can():
    given = {1: np.float32(0.5), "a": np.array([1, 2]), "b": (math.nan, math.inf, -1.0),
             "c": {"d": np.bool_(True)}}  # fmt: skip
    plain = finite(given)
    assert plain == {"1": 0.5, "a": [1, 2], "b": [None, None, -1.0], "c": {"d": True}}
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is not valid JSON"), (None, "does not exist")]
)
def test_a_file_that_is_missing_or_broken_is_named(content, said, tmp_path):
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    with pytest.raises(RunError, match=rf"x\.json {said}"):
        read_json(tmp_path / "x.json")


def test_progress_rises_to_one():
    told = []
    report = Progress(lambda share, loss: told.append((share, loss)))
    make_small("vae", budget="20 steps").fit(X, callbacks=[report])
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert all(math.isfinite(loss) for _, loss in told[1:])


@pytest.mark.parametrize("key", ["models", "budget", "repeats", "conditional", "seed", "data"])
def test_a_run_of_another_configuration_is_not_gone_on_with(key, tmp_path):
    record = {"models": [{"name": "vae"}], "budget": "5 steps", "repeats": 1, "conditional": True,
              "seed": 0, "data": {"options": {"resize": (8, 8)}}}  # fmt: skip
    Run.create(tmp_path, **record)
    Run.create(tmp_path, **record)
    with pytest.raises(RunError, match="holds a run with another "):
        Run.create(tmp_path, **{**record, key: "other"})
