"""Colours that people with colour-blindness can tell apart too."""

from __future__ import annotations

#: Okabe and Ito's, but for black; the first stands out least, on dark and on bright pictures.
COLOURS: tuple[tuple[int, int, int], ...] = (
    (0, 0, 0),
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
