"""What all tests share: one thread, the real data where they are, small rows of digits."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from contributing import entries, write_files
from further import registry
from further.evaluate.metrics import METRICS
from real_runs import RealRuns

#: Figures are those of a processor, on machines with a GPU too; every model meets another device
#: in tests/generate/test_device.py.
os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small nets on many threads are slow on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_numbers_in_any_order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """Give each test of a module that draws from one generator the same numbers."""
    if hasattr(request.module, "RNG"):
        monkeypatch.setattr(request.module, "RNG", np.random.default_rng(0))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; without it the test is skipped."""
    folder = os.environ.get("FURTHER_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FURTHER_TEST_DATA names no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def cases(real_data: Path) -> Path:
    """Return the folder of inputs on which an earlier version fell short."""
    folder = real_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip("there is no folder of cases beside that of FURTHER_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def digits():
    """Return 200 digits (n, 8, 8) of 17 grey levels and their labels."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X[:200].reshape(-1, 8, 8).astype("uint8"), y[:200]


@pytest.fixture
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loop see a clock that gains a hundredth of a second whenever it is read."""
    readings = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(readings) / 100)
    monkeypatch.setattr("further.train.loop.time", clock)


@pytest.fixture
def narrow_autoencoders(monkeypatch):
    """Narrow the residual layers of the autoencoders, whose width is no parameter."""
    monkeypatch.setattr("further.generate.autoencoder.WIDTH", 32)


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> RealRuns:
    """Return the runs that are made once for all tests, in the folder that all workers share."""
    own = tmp_path_factory.getbasetemp()
    return RealRuns((own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "real")


@pytest.fixture(scope="session")
def newcomer_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the files that CONTRIBUTING.md makes."""
    return write_files(tmp_path_factory.mktemp("package"))


@pytest.fixture
def newcomer(newcomer_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the model, the metric and the task of CONTRIBUTING.md, for worker processes too."""
    for table in ("TASKS", "MODELS"):
        monkeypatch.setattr(registry, table, (*getattr(registry, table), *entries(table)))
    for metric in entries("metrics.py"):
        monkeypatch.setitem(METRICS, metric.name, metric)
    monkeypatch.syspath_prepend(str(newcomer_files))
    path = os.pathsep.join(filter(None, [str(newcomer_files), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture(autouse=True, scope="session")
def every_evaluation_follows_the_schema(tmp_path_factory: pytest.TempPathFactory):
    """Check each ``evaluation.json`` of this session; a test that damages one names it so.

    A toy task has a schema of its own.
    """
    yield
    import jsonschema

    from further.evaluate.schema import evaluation_schema

    validator = jsonschema.Draft202012Validator(evaluation_schema())
    for file in tmp_path_factory.getbasetemp().rglob("evaluation.json"):
        if not any("damaged" in part or part == "toy" for part in file.parts):
            found = json.loads(file.read_text(encoding="utf-8"))
            error = jsonschema.exceptions.best_match(validator.iter_errors(found))
            # Its message holds the whole file where no type fits.
            assert error is None, f"{file}: {error.json_path}: {error.message[:300]}"
