from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from further.cli.main import main

#: The promises about pictures and about tables are the same, so small data keep them too.
N_PICTURES, N_ROWS = 200, 120


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Further = Callable[..., Outcome]


@pytest.fixture
def further(capsys: pytest.CaptureFixture[str]) -> Further:
    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def missing_device() -> str:
    """Return a device that this machine does not have."""
    import torch

    return "mps" if torch.cuda.is_available() else "cuda"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    digits = load_digits()
    path = tmp_path_factory.mktemp("pictures") / "few_digits.npz"
    images = digits.images[:N_PICTURES].astype(np.uint8)
    np.savez(path, images=images, labels=digits.target[:N_PICTURES])
    return path


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    kind = rng.choice(["cat", "dog"], N_ROWS)
    weight = np.where(kind == "cat", 4.0, 20.0) + rng.normal(size=N_ROWS)
    frame = pd.DataFrame(
        {
            "age": rng.integers(1, 15, N_ROWS),
            "kind": kind,
            "weight": weight.round(1),
            "coat": rng.choice(["short", "long", "none"], N_ROWS),
        }
    )
    frame.loc[::17, "weight"] = np.nan
    path = tmp_path_factory.mktemp("table") / "animals.csv"
    frame.to_csv(path, index=False)
    return path
