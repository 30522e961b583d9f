"""The runs of clusterings that several tests of the report read."""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster_run_maker import airports, iris, make_clustering, noise


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("clusterings")
    return {
        "iris": make_clustering(root / "iris", iris()),
        "uniform": make_clustering(root / "uniform", noise(), name="uniform noise", k=1),
        "hostile": make_clustering(root / "hostile", iris(), hostile=True, starts=4),
    }


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vega_datasets")
    folder = tmp_path_factory.mktemp("places") / "airports"
    return make_clustering(folder, airports(), name="airports", k=9, coordinates=True, starts=3)
