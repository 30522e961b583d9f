"""Real data for these tests: the folder that FURTHER_TEST_DATA names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = os.environ.get("FURTHER_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FURTHER_TEST_DATA names no folder with the real data")
    return Path(folder)
