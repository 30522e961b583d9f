"""The register blocks of every width of vector against NumPy's product."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from further.cluster.exact import microkernel
from further.cluster.exact.layout import ROWS
from further.cluster.exact.simd import address


@pytest.mark.parametrize(("numbers", "vectors"), [(6, 1), (6, 2), (4, 2), (2, 2), (2, 4)])
def test_values_are_half_norms_plus_products_and_go_on_from_there(numbers, vectors):
    multiply = microkernel._multiplier(numbers, vectors, ROWS, microkernel._of_its_centroid)

    @njit
    def run(tile, lines, places, half, values, first):
        multiply(
            address(tile), len(tile) // ROWS, address(lines), address(places), address(half),
            address(values), first,
        )  # fmt: skip

    rng = np.random.default_rng(0)
    tile = rng.standard_normal((7, ROWS)).astype(np.float32)
    lines = rng.standard_normal((numbers, 9)).astype(np.float32)
    half = rng.standard_normal(numbers).astype(np.float32)
    # The lines in another order, and without their first two numbers.
    order = rng.permutation(numbers)
    places = order * 9 + 2
    values = np.full((numbers, ROWS), np.nan, np.float32)
    products = lines[order, 2:] @ tile
    for first, expected in (
        (True, half[:, None] + products),
        (False, half[:, None] + 2 * products),
    ):
        run(tile.reshape(-1), lines.reshape(-1), places, half, values.reshape(-1), first)
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
