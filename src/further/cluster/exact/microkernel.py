"""The innermost product, of vectors of sixteen numbers and single numbers, with sums in registers.

A processor multiplies at full speed while about twelve sums are in flight and what is read serves
several of them. AVX2 has sixteen registers of eight numbers: six numbers times a vector make twelve
sums and leave four registers for what is read. AVX-512 has registers of sixteen and twice as many.
With too few sums in flight the processor waits, and with too many they live in memory: either costs
half the speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.codegen import get_host_cpu_features

from further.cluster.exact.layout import GROUP, ROWS, WIDTH
from further.cluster.exact.simd import VECTOR, intrinsic, multiplied_plus, place_of, spread

_CONFIG: Any = numba.config
#: Whether a register holds sixteen numbers; Numba compiles for the features that it is given.
WIDE = "+avx512f" in (
    get_host_cpu_features() if _CONFIG.CPU_FEATURES is None else _CONFIG.CPU_FEATURES
)
#: Rows whose products with a group of centroids are computed together.
TOGETHER = 8 if WIDE else 6

_LONG = ir.IntType(64)


def _multiplier(
    numbers: int, vectors: int, step: int, start: Callable[[Any, Any, int, int], Any]
) -> Any:
    """Return compiled code for products of lines of vectors and of so many numbers.

    It takes addresses: of ``lines``, each of ``step`` floats, of which there are ``width``; of
    ``table`` and of the ``places`` in it where each number's line of ``width`` begins; of what
    ``start`` reads; and of ``values``, with ``step`` floats for each number. ``first`` tells
    whether ``values`` begin with ``start`` or are added to.
    """

    @intrinsic
    def multiply(
        typing: Any, lines: Any, width: Any, table: Any, places: Any, half: Any, values: Any,
        first: Any,
    ) -> Any:  # fmt: skip
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            lines, width, table, places, half, values, first = args

            def vector(address: Any, index: Any) -> Any:
                return builder.bitcast(place_of(builder, address, index), VECTOR.as_pointer())

            origins = [
                builder.load(place_of(builder, places, _LONG(number), _LONG))
                for number in range(numbers)
            ]
            for r in range(0, step, WIDTH * vectors):
                parts = [r + WIDTH * v for v in range(vectors)]
                sums = {}
                for number in range(numbers):
                    for part in parts:
                        known = builder.load(vector(values, _LONG(number * step + part)), align=4)
                        begin = start(builder, half, number, part)
                        sums[number, part] = cgutils.alloca_once(builder, VECTOR)
                        builder.store(builder.select(first, begin, known), sums[number, part])
                with cgutils.for_range(builder, width) as loop:
                    line = builder.mul(loop.index, _LONG(step))
                    read = [
                        builder.load(vector(lines, builder.add(line, _LONG(part))), align=4)
                        for part in parts
                    ]
                    for number, origin in enumerate(origins):
                        at = place_of(builder, table, builder.add(origin, loop.index))
                        factor = spread(builder, builder.load(at))
                        for part, x in zip(parts, read, strict=True):
                            total = sums[number, part]
                            more = multiplied_plus(builder, x, factor, builder.load(total))
                            builder.store(more, total)
                for (number, part), total in sums.items():
                    at = vector(values, _LONG(number * step + part))
                    builder.store(builder.load(total), at, align=4)
            return context.get_dummy_value()

        return types.void(*[types.intp] * 6, types.boolean), code

    return multiply


def _of_its_centroid(builder: Any, half: Any, number: int, part: int) -> Any:
    return spread(builder, builder.load(place_of(builder, half, _LONG(number))))


def _of_the_group(builder: Any, half: Any, number: int, part: int) -> Any:
    at = builder.bitcast(place_of(builder, half, _LONG(part)), VECTOR.as_pointer())
    return builder.load(at, align=4)


# Of a tile of rows and so many centroids.
multiply_six = _multiplier(6, 2 if WIDE else 1, ROWS, _of_its_centroid)
multiply_four = _multiplier(4, 2 if WIDE else 1, ROWS, _of_its_centroid)
multiply_two = _multiplier(2, 4 if WIDE else 2, ROWS, _of_its_centroid)
# Of a group of centroids and the rows that are computed together.
multiply_group = _multiplier(TOGETHER, 1, GROUP, _of_the_group)
