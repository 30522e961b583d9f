r"""Interpolation between neighbours as a control: useful rows that give the training rows away.

A sample lies between a training row :math:`a` and one of its five nearest neighbours :math:`b` of
the same class, at a random place :math:`u` between 0 and 1:

.. math:: x = a + u \, (b - a)

in encoded form. A category cannot lie between two: it is that of :math:`b` with probability
:math:`u`, else that of :math:`a`; so is whether a number is missing, and where one of the two is
missing the number is that of the end that was drawn. On numbers this is SMOTE (Chawla et al. 2002),
applied to every class.

What learns from such rows learns nearly all that the training rows teach, and whoever sees them
learns who is in the training set: a generator must not be chosen by the use of its rows alone.
"""

from __future__ import annotations

import numpy as np

from further.data.preparation.column_encoding import IS_MISSING
from further.evaluate.distance import nearest
from further.generate.copy import Copy
from further.generate.generative_estimator import Condition

NEIGHBOURS = 5


class Interpolation(Copy):
    """Interpolation between training rows and their neighbours: a control that looks useful.

    Use it only as a control: a model whose rows teach no more than these has no use as its merit.
    It fails at privacy by design, since each of its rows lies between two training rows; in wide
    tables and pictures its samples are blurred mixtures of the two.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of the draws.

    References
    ----------
    Chawla, Bowyer, Hall, Kegelmeyer 2002, "SMOTE: synthetic minority over-sampling technique",
    JAIR 16.

    Examples
    --------
    >>> import numpy as np
    >>> from further.generate.interpolation import Interpolation
    >>> X = np.array([[0.0, 0.0], [1.0, 2.0]])
    >>> made = Interpolation(random_state=0).fit(X).sample(3)
    >>> bool(np.allclose(made[:, 1], 2 * made[:, 0]))  # on the line between the two
    True
    """

    def _draw(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        first = self._choose(n, condition, rng)
        second = self._neighbours(first, rng)
        a, b = (self.rows_[rows].reshape(n, -1) for rows in (first, second))
        u = rng.random((n, 1), dtype=np.float32)
        rows = a + u * (b - a)
        places = {block.name: block for block in self.spec_.blocks}
        for name, block in places.items():
            if block.kind == "numeric":
                continue
            part = slice(block.start, block.stop)
            of_second = rng.random((n, 1)) < u
            rows[:, part] = np.where(of_second, b[:, part], a[:, part])
            number = places.get(name.removesuffix(IS_MISSING)) if IS_MISSING in name else None
            if number is not None:
                apart = (a[:, part] != b[:, part]).any(axis=1)
                ends = np.where(of_second[:, 0], b[:, number.start], a[:, number.start])
                rows[apart, number.start] = ends[apart]
        return rows.reshape(n, *self.spec_.shape)

    def _neighbours(self, first: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return for each of these rows one of its nearest neighbours of the same class."""
        flat = self.rows_.reshape(len(self.rows_), -1)
        second = np.empty_like(first)
        for label in np.unique(self.labels_[first]):
            here = np.flatnonzero(self.labels_[first] == label)
            members = np.flatnonzero(self.labels_ == label)
            found = members[nearest(flat[first[here]], flat[members], NEIGHBOURS + 1)[0]]
            # A row is among its own nearest, and its own neighbour only if it is alone.
            drawn = np.where(found == first[here, None], -1.0, rng.random(found.shape))
            second[here] = np.take_along_axis(found, drawn.argmax(axis=1)[:, None], axis=1)[:, 0]
        return second
