r"""Rows in two dimensions: principal components, t-SNE, UMAP, and what their distances mean.

Principal components are the orthogonal directions :math:`v_1, v_2` in which the rows spread most,

.. math:: v_1 = \arg\max_{\lVert v \rVert = 1} \operatorname{Var}(X v), \qquad
          x_i = (X_i - \bar X)^\top v_1, \quad y_i = (X_i - \bar X)^\top v_2,

so the picture is a shadow of the table, without distortion. t-SNE and UMAP place rows so that
neighbours stay neighbours, at the price of all other distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array

from further.data.preparation.columns import nearest
from further.errors import InputError

NOTES = {
    "pca": "A distance in the picture is at most the distance between the rows: what is apart here "
    "is apart, what lies together may be apart in the directions that are not shown.",
    "tsne": "Neighbours are neighbours of the rows; distances between groups, their sizes and "
    "their densities mean nothing, and groups may appear where the rows have none.",
    "umap": "Neighbours are neighbours of the rows; distances between groups say little, sizes and "
    "densities nothing, and groups may appear where the rows have none.",
}
#: Columns that an axis names, and the loading below which none is named.
NAMED = 3
LEAST_LOADING = 0.2
#: t-SNE of more rows takes minutes.
MOST_ROWS = {"tsne": 5000, "umap": 50_000}


@dataclass(frozen=True, eq=False)
class Projection:
    """Rows in two dimensions."""

    x: Annotated[NDArray[np.float64], "Of each row, shape (m,)."]
    y: Annotated[NDArray[np.float64], "Likewise."]
    rows: Annotated[
        NDArray[np.intp],
        "Which rows, shape (m,): all, or a seeded sample where the method takes no more.",
    ]
    explained: Annotated[
        tuple[float, ...], "Shares of the variance along x and y; empty for methods that have none."
    ]
    axes: Annotated[tuple[str, ...], "What x and y are."]
    method: Annotated[str, "How they were found."]
    note: Annotated[str, "What distances in the picture mean."]
    components: Annotated[
        NDArray[np.float64] | None, "The directions of x and y, shape (2, d), for PCA."
    ] = None
    mean: Annotated[
        NDArray[np.float64] | None, "What is subtracted before, shape (d,), for PCA."
    ] = None

    @property
    def sampled(self) -> bool:
        """Whether rows were left out."""
        return bool(len(self.rows) and self.rows[-1] + 1 != len(self.rows))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each point."""
        return pd.DataFrame({"row": self.rows, "x": self.x, "y": self.y})


def project(
    X: Any,
    *,
    method: str = "pca",
    feature_names: Sequence[str] | None = None,
    random_state: Any = None,
) -> Projection:
    """Return rows in two dimensions, with what their distances there mean.

    When to use: to look at clusters; PCA first, since its distances can be read. When it fails: two
    dimensions may hold little of the variance (``explained`` says how much), and structure that
    curves needs "umap" or "tsne", whose distances cannot be read.

    Parameters
    ----------
    X : array of shape (n, d) or DataFrame
        Prepared rows. Categories of a DataFrame become a column of 0 and 1 each.
    method : {"pca", "tsne", "umap"}, default="pca"
        "umap" needs the package umap-learn (``pip install further-ml[umap]``).
    feature_names : sequence of str, optional
        Names of the columns, for the axes.
    random_state : int, RandomState or None
        Of t-SNE, of UMAP, and of the rows that they are given.

    Returns
    -------
    Projection
        Points with their axes; for "tsne" and "umap" of a sample of large data.

    Raises
    ------
    InputError
        For an unknown method, fewer than two rows, and "umap" without umap-learn.

    References
    ----------
    van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 9 (2008).
    McInnes, Healy and Melville, "UMAP", arXiv:1802.03426 (2018).

    Examples
    --------
    >>> rows = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]
    >>> found = project(rows, feature_names=["height", "width"])
    >>> found.axes[0], found.x.round(2).tolist()
    ('PC1 (100 % of the variance): height, width', [-1.41, 0.0, 1.41])
    """
    wanted = str(method).lower().replace("-", "")
    if wanted not in NOTES:
        raise InputError(
            f'There is no projection "{method}"{nearest(wanted, list(NOTES))}; there are '
            f"{', '.join(NOTES)}."
        )
    if isinstance(X, pd.DataFrame):
        X = pd.get_dummies(X, dtype=float).fillna(0.0)
        if feature_names is None:
            feature_names = [str(name) for name in X.columns]
    rows = check_array(X, dtype=np.float64)
    n, d = rows.shape
    if n < 2:
        raise InputError(f"project: X has {n} row; a picture needs at least 2.")
    names = [f"x{i}" for i in range(d)] if feature_names is None else list(feature_names)
    if len(names) != d:
        raise InputError(f"project: feature_names has {len(names)} names but X has {d} columns.")
    rng = check_random_state(random_state)
    if wanted == "pca":
        return _principal_components(rows, names)
    most = MOST_ROWS[wanted]
    chosen = np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
    place = _tsne(rows[chosen], rng) if wanted == "tsne" else _umap(rows[chosen], rng)
    note = NOTES[wanted]
    if len(chosen) < n:
        note += f" A seeded sample of {len(chosen):,} of {n:,} rows is shown."
    label = "t-SNE" if wanted == "tsne" else "UMAP"
    axes = (f"{label} 1 (no unit)", f"{label} 2 (no unit)")
    return Projection(place[:, 0], place[:, 1], chosen, (), axes, wanted, note)


def _principal_components(rows: NDArray[np.float64], names: list[str]) -> Projection:
    from sklearn.decomposition import PCA

    n, d = rows.shape
    count = min(2, d)
    # The full decomposition, whatever the size: no randomness in a picture that need have none.
    pca = PCA(count, svd_solver="covariance_eigh" if n > 10 * d else "full")
    with np.errstate(invalid="ignore"):  # equal rows have no variance to take shares of
        pca.fit(rows)
    scores = pca.transform(rows)
    total = float(rows.var(axis=0, ddof=1).sum())
    shares = [float(v) / total if total > 0 else 0.0 for v in pca.explained_variance_]
    axes = [
        f"PC{i + 1} ({_percent(share)} of the variance)" + _strongest(direction, names)
        for i, (share, direction) in enumerate(zip(shares, pca.components_, strict=True))
    ]
    components = np.zeros((2, d))
    components[:count] = pca.components_
    if count == 1:
        # One column has one direction; the picture is a line.
        shares.append(0.0)
        axes = [names[0], "nothing: there is one column only"]
        scores = np.column_stack([scores, np.zeros(n)])
    return Projection(
        scores[:, 0], scores[:, 1], np.arange(n), tuple(shares), tuple(axes), "pca", NOTES["pca"],
        components, pca.mean_,
    )  # fmt: skip


def _strongest(direction: NDArray[np.float64], names: list[str]) -> str:
    """Name the columns that a direction follows most, those that it runs against with a minus."""
    order = np.argsort(-np.abs(direction), kind="stable")[:NAMED]
    least = max(LEAST_LOADING, 0.5 * abs(float(direction[order[0]])))
    said = [
        ("−" if direction[i] < 0 else "") + names[i] for i in order if abs(direction[i]) >= least
    ]
    return f": {', '.join(said)}" if said else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"


def _tsne(rows: NDArray[np.float64], rng: Any) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    n = len(rows)
    # A perplexity is a number of neighbours, so few rows cannot have scikit-learn's 30.
    perplexity = min(30.0, max(1.0, (n - 1) / 3))
    # Starting from the principal components keeps more of the large distances than a random start,
    # but of one column there are none.
    start = "pca" if rows.shape[1] > 1 else "random"
    found = TSNE(perplexity=perplexity, init=start, random_state=rng).fit_transform(rows)
    return np.asarray(found, dtype=np.float64)


def _umap(rows: NDArray[np.float64], rng: Any) -> NDArray[np.float64]:
    try:
        from umap import UMAP
    except ImportError as error:
        raise InputError(
            'method="umap" needs the package umap-learn; install it with "pip install '
            'further-ml[umap]", or take method="tsne".'
        ) from error
    n = len(rows)
    start = "spectral" if n > 50 else "random"  # few rows have too few eigenvectors
    model = UMAP(n_neighbors=min(15, n - 1), init=start, random_state=rng, n_jobs=1)
    return np.asarray(model.fit_transform(rows), dtype=np.float64)
