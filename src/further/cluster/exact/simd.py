"""SIMD vectors of sixteen float32, for compiled loops that must not be left to luck.

Whether a compiler turns a loop into vector instructions depends on details that no one sees; the
same product of rows and centroids, written as plain loops, ran at 5 and written with these at 80
GFLOP/s. LLVM splits the sixteen numbers into what the processor has (one AVX-512, two AVX2 or four
NEON registers).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba.extending
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import models, register_model

from further.cluster.exact.layout import WIDTH

# What it returns has the types of compiled code, which Python's cannot say.
intrinsic: Any = numba.extending.intrinsic

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
VECTOR = ir.VectorType(_FLOAT, WIDTH)
_HALF = WIDTH // 2


class _Float32x16(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Float32x16")


FLOAT32X16 = _Float32x16()


@register_model(_Float32x16)
class _Float32x16Model(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, VECTOR)


def place_of(builder: Any, address: Any, index: Any, kind: Any = _FLOAT) -> Any:
    """Return the pointer to a number from an address on.

    Parameters
    ----------
    builder : IRBuilder
        Where the code is written.
    address, index : value
        Where the numbers begin, and which is meant.
    kind : type
        Type of the numbers.

    Returns
    -------
    value
        The pointer.
    """
    return builder.gep(builder.inttoptr(address, kind.as_pointer()), [index], inbounds=True)


def spread(builder: Any, number: Any) -> Any:
    """Return a vector that holds a number sixteen times.

    Parameters
    ----------
    builder : IRBuilder
        Where the code is written.
    number : value
        A float32.

    Returns
    -------
    value
        The vector.
    """
    empty = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(_INT, 0))
    return _pick(builder, first, empty, [0] * WIDTH)


def multiplied_plus(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once where the processor can.

    Parameters
    ----------
    builder : IRBuilder
        Where the code is written.
    a, b, c : value
        Vectors.

    Returns
    -------
    value
        The vector.
    """
    kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
    name = f"llvm.fmuladd.v{WIDTH}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def _pick(builder: Any, a: Any, b: Any, indices: list[int]) -> Any:
    mask = ir.Constant(ir.VectorType(_INT, WIDTH), indices)
    return builder.shuffle_vector(a, b, mask)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    if isinstance(kind, types.Integer):
        return place_of(builder, array, index)
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index], inbounds=True)


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.bitcast(_place(context, builder, kind, array, index), VECTOR.as_pointer())


@intrinsic
def address(typing: Any, array: Any) -> Any:
    """Return where a float32 vector begins, as a number that every function here takes for it.

    A function that is given an array counts its references, which takes as long as the sixteen
    products that it is called for.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, context.get_value_type(types.intp))

    return types.intp(array), code


@intrinsic
def number_at(typing: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]``."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, sig.args[0], *args))

    return types.float32(array, types.intp), code


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Return ``array[index : index + 16]`` of a contiguous float32 vector."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, sig.args[0], *args), align=4)

    return FLOAT32X16(array, types.intp), code


@intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write ``array[index : index + 16] = value``."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, index, value = args
        builder.store(value, _address(context, builder, sig.args[0], array, index), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, FLOAT32X16), code


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Have ``array[index]`` brought into the cache, of which nobody waits for the end.

    An index beyond the array does no harm.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _INT, _INT, _INT])
        # To be read, to be kept in all caches, and data.
        options = [ir.Constant(_INT, number) for number in (0, 3, 1)]
        builder.call(
            cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8"),
            [builder.bitcast(builder.gep(data, [args[1]]), byte), *options],
        )
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@intrinsic
def broadcast(typing: Any, number: Any) -> Any:
    """Return the same number sixteen times."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread(builder, args[0])

    return FLOAT32X16(types.float32), code


@intrinsic
def broadcast_at(typing: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]`` sixteen times, without the test for a negative index."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return spread(builder, builder.load(_place(context, builder, sig.args[0], *args)))

    return FLOAT32X16(array, types.intp), code


@intrinsic
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once where the processor can."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return multiplied_plus(builder, *args)

    return FLOAT32X16(FLOAT32X16, FLOAT32X16, FLOAT32X16), code


def _compared(sign: str) -> Callable[..., Any]:
    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(sign, *args), *args)

    return code


@intrinsic
def minimum(typing: Any, a: Any, b: Any) -> Any:
    """Return the smaller of each pair."""
    return FLOAT32X16(FLOAT32X16, FLOAT32X16), _compared("<")


@intrinsic
def maximum(typing: Any, a: Any, b: Any) -> Any:
    """Return the larger of each pair."""
    return FLOAT32X16(FLOAT32X16, FLOAT32X16), _compared(">")


@intrinsic
def where_less(typing: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return ``x`` where ``a < b`` and ``y`` elsewhere."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a, b, x, y = args
        return builder.select(builder.fcmp_ordered("<", a, b), x, y)

    return FLOAT32X16(FLOAT32X16, FLOAT32X16, FLOAT32X16, FLOAT32X16), code


@intrinsic
def where_less_bits(typing: Any, a: Any, b: Any) -> Any:
    """Return a number whose bit i tells whether ``a[i] < b[i]``."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        less = builder.fcmp_ordered("<", *args)
        bits = builder.bitcast(less, ir.IntType(WIDTH))
        return builder.zext(bits, context.get_value_type(types.intp))

    return types.intp(FLOAT32X16, FLOAT32X16), code


@intrinsic
def other_bits(typing: Any, numbers: Any, index: Any, a: Any) -> Any:
    """Return a number whose bit i tells whether ``a[i]`` differs from ``numbers[index + i]``.

    ``numbers`` is the address of int32 numbers; ``a`` holds whole numbers.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array, index, vector = args
        kind = ir.VectorType(_INT, WIDTH)
        place = builder.gep(builder.inttoptr(array, _INT.as_pointer()), [index], inbounds=True)
        known = builder.load(builder.bitcast(place, kind.as_pointer()), align=4)
        other = builder.icmp_signed("!=", known, builder.fptosi(vector, kind))
        bits = builder.bitcast(other, ir.IntType(WIDTH))
        return builder.zext(bits, context.get_value_type(types.intp))

    return types.intp(numbers, types.intp, FLOAT32X16), code


@intrinsic
def first_bit(typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), code


@intrinsic
def square_root(typing: Any, a: Any) -> Any:
    """Return the square roots."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR])
        name = f"llvm.sqrt.v{WIDTH}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return FLOAT32X16(FLOAT32X16), code


def _transposed(builder: Any, lines: list[Any]) -> list[Any]:
    """Return eight vectors of eight numbers transposed, by what AVX2 does in one instruction."""

    def picked(a: Any, b: Any, first: list[int]) -> Any:
        mask = [i + 4 * part for part in (0, 1) for i in first]
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT, _HALF), mask))

    def joined(a: Any, b: Any, part: int) -> Any:
        mask = [i + 4 * part + 8 * of for of in (0, 1) for i in range(4)]
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT, _HALF), mask))

    # Neighbours of two rows, of four, and of eight; within the halves of vectors first.
    low, high = [0, 8, 1, 9], [2, 10, 3, 11]
    twos = [
        picked(a, b, m) for a, b in zip(lines[::2], lines[1::2], strict=True) for m in (low, high)
    ]
    low, high = [0, 1, 8, 9], [2, 3, 10, 11]
    fours = [picked(twos[i], twos[i + 2], mask) for i in (0, 1, 4, 5) for mask in (low, high)]
    return [joined(fours[i], fours[i + 4], part) for part in (0, 1) for i in range(4)]


@intrinsic
def transpose(typing: Any, source: Any, places: Any, target: Any, place: Any, step: Any) -> Any:
    """Write sixteen times sixteen numbers transposed.

    ``target[place + f * step + r] = source[places[r] + f]`` for r and f below 16.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        source, places, target, place, step = args
        starts = context.make_array(sig.args[1])(context, builder, places).data
        half = ir.VectorType(_FLOAT, _HALF).as_pointer()

        def at(kind: Any, array: Any, index: Any, more: int) -> Any:
            index = builder.add(index, ir.Constant(step.type, more))
            return builder.bitcast(_place(context, builder, kind, array, index), half)

        for column in range(0, WIDTH, _HALF):
            for row in range(0, WIDTH, _HALF):
                lines = []
                for r in range(row, row + _HALF):
                    pointer = builder.gep(starts, [ir.Constant(step.type, r)], inbounds=True)
                    start = builder.load(pointer)
                    lines.append(builder.load(at(sig.args[0], source, start, column), align=4))
                for f, line in enumerate(_transposed(builder, lines)):
                    to = builder.mul(ir.Constant(step.type, column + f), step)
                    to = at(sig.args[2], target, builder.add(place, to), row)
                    builder.store(line, to, align=4)
        return context.get_dummy_value()

    return types.void(source, places, target, types.intp, types.intp), code


@intrinsic
def fold_minimum(typing: Any, a: Any, b: Any) -> Any:
    """Return the minima of neighbours, those of ``a`` in the lower half, of ``b`` in the upper."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        a, b = args
        even = _pick(builder, a, b, list(range(0, 2 * WIDTH, 2)))
        odd = _pick(builder, a, b, list(range(1, 2 * WIDTH, 2)))
        return builder.select(builder.fcmp_ordered("<", even, odd), even, odd)

    return FLOAT32X16(FLOAT32X16, FLOAT32X16), code


def _reduced(join: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector, width = args[0], WIDTH
        while width > 1:
            width //= 2
            upper = [i + width if i < width else i for i in range(WIDTH)]
            vector = join(builder, vector, _pick(builder, vector, vector, upper))
        return builder.extract_element(vector, ir.Constant(_INT, 0))

    return code


@intrinsic
def total(typing: Any, a: Any) -> Any:
    """Return the sum of the sixteen."""
    return types.float32(FLOAT32X16), _reduced(lambda builder, a, b: builder.fadd(a, b))


@intrinsic
def lowest(typing: Any, a: Any) -> Any:
    """Return the smallest of the sixteen."""

    def smaller(builder: Any, a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    return types.float32(FLOAT32X16), _reduced(smaller)
