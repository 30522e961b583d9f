r"""Missing values of a table, drawn from what a trained model knows of the values that are there.

Wanted are draws of :math:`p(x_{\text{missing}} \mid x_{\text{known}})`. For every model they begin
with the generated rows that are nearest in the known values, of the row's class where it has one
(approximate Bayesian computation: rejection with a distance). A model that can do better continues
from there by its ``complete``: the variational autoencoder by Metropolis within Gibbs, the
autoencoder by rebuilding the row until it stays, the diffusion model by removing noise from the
missing values while the known ones are given (RePaint).

The value that is filled in is the mean of the draws for a number and the most frequent one for a
category; each is then the best single guess, and too certain for statistics of the filled table,
for which single draws are right.

References
----------
Rezende, Mohamed, Wierstra (2014), Stochastic backpropagation and approximate inference in deep
generative models, ICML. Mattei, Frellsen (2018), Leveraging the exact likelihood of deep latent
variable models, NeurIPS. Lugmayr et al. (2022), RePaint: inpainting using denoising diffusion
probabilistic models, CVPR. Beaumont, Zhang, Balding (2002), Approximate Bayesian computation in
population genetics, Genetics 162.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from further.data.dataset import Dataset
from further.data.encoding import TableEncoding
from further.data.preparation.column_encoding import CategoricalColumn, NumericColumn
from further.data.preparation.column_text import to_numbers
from further.train.seeds import seed_of

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

#: Generated rows of which the nearest are taken, in all or of a class.
POOL = 4000
DRAWS = 10
#: Rows that are filled at a time.
CHUNK = 200


@dataclass(frozen=True)
class Gaps:
    """Where encoded rows have no value."""

    known: Annotated[Tensor, "Which encoded values are known, bool, shape (n, d)."]
    parts: Annotated[tuple[slice, ...], "The one-hot vectors with a place for missing values."] = ()

    def fill(self, x: Tensor, drawn: Tensor) -> Tensor:
        """Put drawn values where none is known; a category that is drawn as missing stays.

        Parameters
        ----------
        x, drawn : Tensor of shape (n, d)
            Encoded rows, and draws of them.

        Returns
        -------
        Tensor of shape (n, d)
            A copy.
        """
        keep = self.known
        if self.parts:
            keep = keep.clone()
            for part in self.parts:
                absent = drawn[:, part].argmax(1) == part.stop - part.start - 1
                keep[absent, part] = True
        return torch.where(keep, x, drawn)


class TableGaps:
    """The encoded form of rows with missing values, and the way back.

    Parameters
    ----------
    encoding : TableEncoding
        Of the training rows.
    """

    def __init__(self, encoding: TableEncoding) -> None:
        self.encoding = encoding
        self.columns: list[tuple[Any, slice]] = []
        start = 0
        for column in encoding.columns:
            self.columns.append((column, slice(start, start + column.width)))
            start += column.width
        self.parts = tuple(
            place
            for column, place in self.columns
            if isinstance(column, CategoricalColumn) and column.missing
        )

    def known(self, absent: Flags) -> Flags:
        """Return which encoded values are known, given which cells (n, columns) are missing.

        A number that is missing here is to have a value, so that "not missing" is known of it.

        Parameters
        ----------
        absent : ndarray of bool, shape (n, columns)
            Which cells are missing.

        Returns
        -------
        ndarray of bool, shape (n, d)
            By encoded value.
        """
        known = np.ones((len(absent), *self.encoding.spec.shape), dtype=bool)
        for i, (column, place) in enumerate(self.columns):
            stop = place.start + 1 if isinstance(column, NumericColumn) else place.stop
            known[:, place.start : stop] = ~absent[:, i, None]
        return known

    def present(self, x: Floats, rng: np.random.Generator) -> Floats:
        """Give encoded rows values where they have none: those that others have there.

        Parameters
        ----------
        x : ndarray of shape (n, d)
            Encoded rows.
        rng : Generator
            Chooses the others.

        Returns
        -------
        ndarray of shape (n, d)
            A copy.
        """
        x = x.copy()
        for column, place in self.columns:
            if not column.missing:
                continue
            part = x[:, place]
            if isinstance(column, NumericColumn):
                absent = part[:, 2] > part[:, 1]
            else:
                absent = part.argmax(axis=1) == column.width - 1
            donors = np.flatnonzero(~absent)
            if absent.any() and len(donors):
                part[absent] = part[rng.choice(donors, int(absent.sum()))]
            if isinstance(column, NumericColumn):
                part[:, 1], part[:, 2] = 1, 0
        return x

    def decode(self, x: Floats) -> pd.DataFrame:
        """Return rows without missing values."""
        x = x.copy()
        for place in self.parts:
            x[:, place.stop - 1] = -np.inf
        return self.encoding.decode_values(x)


def nearest_rows(
    x: Floats, known: Flags, pool: Floats, k: int, y: Any = None, pool_y: Any = None
) -> NDArray[np.intp]:
    """Return the k rows of a pool that are nearest to each row in its known values.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Encoded rows.
    known : ndarray of bool, shape (n, d)
        Which of their values count.
    pool : ndarray of shape (m, d)
        Encoded rows without missing values.
    k : int
        How many.
    y, pool_y : ndarray of int, optional
        Classes; a row's neighbours are of its own, and of any where it is below 0.

    Returns
    -------
    ndarray of int, shape (n, k)
        The nearest first; fewer columns where the pool is smaller.
    """
    weight, values = known.astype(np.float32), np.where(known, x, 0).astype(np.float32)
    pool = pool.astype(np.float32)
    squared = weight @ np.square(pool).T - 2 * values @ pool.T
    if y is not None and pool_y is not None:
        squared[(y[:, None] >= 0) & (y[:, None] != pool_y[None])] = np.inf
    k = min(k, len(pool))
    nearest = np.argpartition(squared, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(squared, nearest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1)


def draw_missing(
    estimator: Any, frame: pd.DataFrame, y: Any, *, draws: int = DRAWS, seed: int = 0
) -> list[pd.DataFrame]:
    """Return draws of the rows without missing values.

    Parameters
    ----------
    estimator : GenerativeEstimator
        Fitted to a table.
    frame : DataFrame
        Rows with the training columns.
    y : ndarray of int, or None
        Their class codes, -1 where unknown; None for none.
    draws : int
        How many.
    seed : int
        Of the draws.

    Returns
    -------
    list of DataFrame
        Each with as many rows; known values have gone through the encoding.
    """
    gaps = TableGaps(estimator.encoding_)
    rng = np.random.default_rng(seed_of(seed, "imputation"))
    pool, pool_y = _pool(estimator, y, seed)
    pool = gaps.present(pool, rng)
    names = [column.name for column, _ in gaps.columns]
    absent = frame[names].isna().to_numpy()
    parts: list[list[pd.DataFrame]] = []
    for start in range(0, len(frame), CHUNK):
        rows = slice(start, start + CHUNK)
        x = gaps.encoding.encode(_dataset(frame[names].iloc[rows]))
        known = gaps.known(absent[rows])
        # "Not missing" is known of what is to be filled.
        x = gaps.present(x, rng)
        own = None if y is None else np.asarray(y)[rows]
        nearest = nearest_rows(x, known, pool, draws, own, pool_y)
        repeats = nearest.shape[1]
        first = np.where(known[:, None], x[:, None], pool[nearest]).reshape(-1, x.shape[1])
        codes = None if pool_y is None else pool_y[nearest].reshape(-1)
        if codes is not None and own is not None:
            given = np.repeat(own, repeats)
            codes = np.where(given >= 0, given, codes)
        filled = _complete(
            estimator, first, np.repeat(known, repeats, axis=0), gaps.parts, codes,
            seed_of(seed, "imputation", 1 + start),
        ).reshape(len(x), repeats, -1)  # fmt: skip
        parts.append([gaps.decode(filled[:, draw]) for draw in range(repeats)])
    return [pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True)]


def fill(
    frame: pd.DataFrame, rows: NDArray[np.intp], draws: list[pd.DataFrame], encoding: TableEncoding
) -> pd.DataFrame:
    """Return a table whose missing cells have the mean, or the most frequent value, of draws.

    Parameters
    ----------
    frame : DataFrame
        The table; other columns than those of the encoding stay as they are.
    rows : ndarray of int
        Which rows were drawn.
    draws : list of DataFrame
        From :func:`draw_missing`; a single one is filled in as it is.
    encoding : TableEncoding
        Of the training rows.

    Returns
    -------
    DataFrame
        Known values as they were.
    """
    filled = frame.copy()
    for column in encoding.columns:
        absent = frame[column.name].isna().to_numpy()
        if not absent.any():
            continue
        drawn = [one[column.name][absent[rows]] for one in draws]
        value: Any = drawn[0].array
        if len(drawn) > 1 and isinstance(column, NumericColumn):
            value = column.restore(np.mean([to_numbers(one) for one in drawn], axis=0))
        elif len(drawn) > 1:
            codes, distinct = pd.factorize(pd.concat(drawn, ignore_index=True))
            votes = codes.reshape(len(drawn), -1)
            counts = (votes[..., None] == np.arange(len(distinct))).sum(axis=0)
            value = distinct.take(counts.argmax(axis=1))
        cells = frame[column.name].astype(object).to_numpy(copy=True)
        cells[absent] = np.asarray(value, dtype=object)
        whole = pd.Series(cells, index=frame.index)
        filled[column.name] = whole.infer_objects()
        dtype: Any = column.dtype
        with suppress(TypeError, ValueError):
            # Missing values had made floats of whole numbers, and objects of booleans.
            typed = whole.astype(dtype)
            if (typed.astype(object) == whole).all():
                filled[column.name] = typed
    return filled


def _pool(estimator: Any, y: Any, seed: int) -> tuple[Floats, Any]:
    """Return generated rows, of every class that is asked for as many, and their classes."""
    seed = seed_of(seed, "imputation", 0)
    classes = [] if y is None else [int(c) for c in np.unique(y) if c >= 0]
    if estimator.spec_.n_classes == 0:
        return estimator.sample_encoded(POOL, {}, seed), None
    codes = [estimator.condition(POOL, None, seed)["y"]] if y is None or (y < 0).any() else []
    codes += [np.full(POOL, c, dtype=np.int64) for c in classes]
    given = np.concatenate(codes)
    return estimator.sample_encoded(len(given), {"y": given}, seed), given


def _complete(
    estimator: Any, x: Floats, known: Flags, parts: tuple[slice, ...], y: Any, seed: int
) -> Floats:
    """Let a model that can do better than its nearest rows do so."""
    if not hasattr(estimator, "complete"):
        return x
    execution = estimator.execution_
    with torch.no_grad(), execution.active():
        rows, gaps = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(known)
        codes = None if y is None else torch.from_numpy(np.asarray(y)).to(execution.device)
        done = estimator.complete(
            estimator.net_, rows.to(execution.device), Gaps(gaps.to(execution.device), parts),
            codes, execution.generator(seed),
        )  # fmt: skip
    found: Floats = done.float().cpu().numpy()
    return found


def _dataset(frame: pd.DataFrame) -> Dataset:
    return Dataset(
        name="X", kind="table", values=frame.reset_index(drop=True),
        feature_names=tuple(map(str, frame.columns)), columns=tuple(map(str, frame.columns)),
    )  # fmt: skip
