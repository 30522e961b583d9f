r"""How compiled k-means keeps rows, centroids and bounds in memory: described here and only here.

**Values.** Half of a squared distance, less the part that all centroids share, is compared:

.. math:: f_j(x) = \tfrac12 \lVert c_j \rVert^2 - x^\top c_j, \qquad
          \lVert x - c_j \rVert^2 = \lVert x \rVert^2 + 2 f_j(x)

The values of many rows and centroids are a product of matrices. In float32 a squared distance is
off by at most :math:`\epsilon (\lVert x \rVert + \max_j \lVert c_j \rVert)^2`; rows whose two
lowest values are closer than that are decided by float64 differences. So the labels are those of
float64 arithmetic.

**Rows** are kept in float32 beside the original (:class:`Table`), less ``offset`` and times a power
of two. With few features they lie in *tiles*: 64 rows, a line of 64 numbers for each feature and a
last line of squared norms, so that an element of a SIMD vector is a row; the last tile is filled up
with the last row. With many features they lie row by row, their norms apart, and 64 of them at a
time are transposed into a tile of at most ``CHAIN`` features that stays in the cache: sums of short
sums, since rounding grows with the length of a chain of additions.

**Blocks and spans.** A block is a tile, or with many features the 256 rows whose bounds lie
together. A span is a range of blocks, the work of one thread at a time. It notes which of its rows
moved (:class:`Moves`); the sums of the clusters follow once all are labelled, each in the order of
the rows, so that the number of threads changes nothing.

**Centroids** (:class:`Centroids`) are lines of minus their coordinates, flat, with half their
squared norms. At least two are multiplied at a time, so there is an even number of lines; the half
norm of the line that fills up, and that of every second copy of a centroid, is infinite: ties go to
the first. Neighbouring centroids form groups of sixteen (:class:`Groups`).

**Bounds** are what is known of distances that are not computed. With few features a row has a gap,
by how much its second nearest centroid is farther than its own. With many features
(:class:`Bounds`) it has an upper bound of the distance to its own centroid, and for each group a
lower bound of the distance to the others in it: ``lower[b, g * BLOCK + r]`` is that of row r of
block b. An empty array of bounds means that none are kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Numbers in a SIMD vector, rows in a tile, rows whose bounds lie together, centroids of a group.
WIDTH, ROWS, BLOCK, GROUP = 16, 64, 256, 16
#: Longest chain of additions.
CHAIN = 64
#: What is lost where products of numbers below 1 vanish in float32.
TINY = np.float32(1e-30)
#: Factors that make up for the rounding of a bound.
UP, DOWN = np.float32(1 + 2**-21), np.float32(1 - 2**-21)
FAR = np.float32(np.inf)


class Table(NamedTuple):
    """Rows: as they were given, their weights (none: all are 1), and in float32."""

    X: np.ndarray
    offset: np.ndarray
    scale: float
    weights: np.ndarray
    rows: np.ndarray
    #: Empty where tiles hold the squared norms.
    norms: np.ndarray


class Centroids(NamedTuple):
    """Centroids: float64 of shape (k, d), less the offset, and in float32."""

    centers: np.ndarray
    lines: np.ndarray
    #: Where in ``lines`` each begins.
    places: np.ndarray
    half: np.ndarray
    #: The error of a squared distance over (norm of the row + largest) squared.
    slack: np.float32
    #: The largest norm of a centroid.
    largest: np.float32


class Groups(NamedTuple):
    """Lines of the centroids (``slot``), centroids of the lines (``member``), and the coordinates
    group by group, a vector of sixteen centroids for each feature (``panel``)."""

    slot: np.ndarray
    member: np.ndarray
    panel: np.ndarray


class Bounds(NamedTuple):
    """Bounds of rows, and how far centroids (``shift``) and groups (minus ``drift``) have moved."""

    upper: np.ndarray
    lower: np.ndarray
    shift: np.ndarray
    drift: np.ndarray


class Moves(NamedTuple):
    """Rows that moved and the clusters that they left (-1: none), from the first row of each span
    on."""

    rows: np.ndarray
    left: np.ndarray


class Sums(NamedTuple):
    """Of each cluster: weighted sum of the rows, weight, and number of rows of any weight."""

    sums: np.ndarray
    mass: np.ndarray
    sizes: np.ndarray
