"""The wire format of TensorBoard's event files, as far as scalars go.

A file is a sequence of records: length (8 bytes, little-endian), its checksum (4), the bytes, their
checksum (4). Each is a protocol buffer ``Event`` with ``step`` (field 2) and ``summary`` (field 5),
whose values (field 1) have ``tag`` (1) and ``simple_value`` (2) or a ``tensor`` (8).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_HEADER, _CHECKSUM = 12, 4
#: How the types of a tensor that can be scalars are packed, and the fields of their values.
_FORMATS = {1: "<f", 2: "<d", 3: "<i", 9: "<q"}
_VALUES = {5: "<f", 6: "<d"}


def is_event_file(content: bytes) -> bool:
    """Return whether a file begins with a record that holds ``brain.Event`` and a version."""
    if len(content) < _HEADER + _CHECKSUM:
        return False
    (length,) = struct.unpack_from("<Q", content)
    return length < 1000 and b"brain.Event" in content[_HEADER : _HEADER + length]


def scalars(content: bytes) -> Iterator[tuple[float, str, float]]:
    """Give the step, name and value of each scalar; a record that is cut off ends the file.

    Parameters
    ----------
    content : bytes
        Of the file.

    Yields
    ------
    tuple
        Step, name, value.
    """
    for record in _records(content):
        try:
            yield from _of_event(record)
        except (ValueError, struct.error, IndexError):
            continue  # one damaged record says nothing about the next


def _records(content: bytes) -> Iterator[bytes]:
    start = 0
    while start + _HEADER <= len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        begin = start + _HEADER
        if length > len(content) - begin:
            return
        yield content[begin : begin + length]
        start = begin + length + _CHECKSUM


def _of_event(record: bytes) -> Iterator[tuple[float, str, float]]:
    step, summaries = 0, []
    for field, value in _fields(record):
        if field == 2 and isinstance(value, int):
            step = value if value < 1 << 63 else value - (1 << 64)
        elif field == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for field, value in _fields(summary):
            if field == 1 and isinstance(value, bytes):
                name, number = _of_value(value)
                if name and number is not None:
                    yield float(step), name, number


def _of_value(value: bytes) -> tuple[str, float | None]:
    name, number = "", None
    for field, inner in _fields(value):
        if field == 1 and isinstance(inner, bytes):
            name = inner.decode("utf-8", errors="replace")
        elif field == 2 and isinstance(inner, float):
            number = inner
        elif field == 8 and isinstance(inner, bytes):
            number = _of_tensor(inner)
    return name, number


def _of_tensor(tensor: bytes) -> float | None:
    """Return the value of a tensor that has one."""
    dtype, number = 0, None
    for field, value in _fields(tensor):
        if field == 1 and isinstance(value, int):
            dtype = value
        elif field == 4 and isinstance(value, bytes) and dtype in _FORMATS:
            packing = _FORMATS[dtype]
            if len(value) == struct.calcsize(packing):
                number = float(struct.unpack(packing, value)[0])
        elif field in _VALUES:
            packing = _VALUES[field]
            if isinstance(value, float):
                number = value
            elif isinstance(value, bytes) and len(value) == struct.calcsize(packing):
                number = float(struct.unpack(packing, value)[0])
    return number


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Give the numbers and values of a message's fields."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield field, value
        elif wire in (_EIGHT, _FOUR):
            packing = "<d" if wire == _EIGHT else "<f"
            yield field, struct.unpack_from(packing, message, place)[0]
            place += struct.calcsize(packing)
        elif wire == _BYTES:
            length, place = _varint(message, place)
            if length > len(message) - place:
                raise ValueError("a field is longer than its message")
            yield field, message[place : place + length]
            place += length
        else:
            raise ValueError(f"wire type {wire}")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number is longer than ten bytes")
