r"""What a restoration invents, and for whom: super-resolution, denoising, inpainting, by group.

A restoration makes a whole picture of a degraded one, d = D(x), in which a part of x is lost. What
it adds is its guess, and a guess follows those pictures that it has learnt from. With rows x, their
restorations r and the best linear prediction :math:`\ell(d)` of x, learnt from other rows,

.. math:: t = x - \ell(d), \qquad a = r - \ell(d), \qquad
          a = \frac{\langle a, t \rangle}{\lVert t \rVert^2} \, t + a_\perp,

t is what the degraded row does not determine, as far as lines can tell, a what the restoration put
in its place, and :math:`\lVert a_\perp \rVert^2` what it *invented*: detail that is not that of the
row. By group are measured, each with an interval:

* error (mean square, and PSNR :math:`10 \log_{10} (R^2 / \text{MSE})` for values within a range R);
* invented detail :math:`\lVert a_\perp \rVert^2` per value, and detail :math:`\lVert a \rVert^2`;
* *inconsistency*: the mean square of D(r) - d, for a D that is no noise: 0 for what fits the data;
* *spread*: the variance among several restorations of the same row, where these differ;
* *likeness*: which group a classifier, trained on other clean rows, sees in restored rows, beside
  what it sees in the same rows when clean. That rows of one group come to look like another is the
  restoration's doing, not the classifier's, where the clean rows did not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import RidgeCV

from further.errors import InputError
from further.evaluate.largest import Largest, largest_difference
from further.evaluate.mean import LEAST_VALUES, mean_interval
from further.evaluate.paired_shares import paired_difference
from further.evaluate.share import Intervals, share_intervals
from further.trust.audit.quantification import Recogniser, recogniser

Floats = NDArray[np.floating[Any]]
Rows = Callable[[Floats], Any]

FEWEST_ROWS = 100
#: Penalties among which the linear prediction chooses, in units of the mean variance.
_PENALTIES = np.logspace(-4, 4, 9)
#: Figures that say how good or bad a restoration is, with what they are called.
FIGURES = {
    "mse": "mean square error", "psnr": "PSNR", "detail": "added detail",
    "invented": "invented detail", "inconsistency": "inconsistency", "spread": "spread",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class RestorationAudit:
    """What a restoration does to each group.

    Attributes
    ----------
    groups : tuple of str
        Their names.
    n : ndarray of int, shape (groups,)
        Judged rows of each.
    figures : dict of str to Intervals
        By name, mean over the rows of each group; ``inconsistency`` and ``spread`` where they are
        defined.
    largest : dict of str to Largest or None
        The largest difference among groups of each figure.
    looks_restored, looks_clean : ndarray of int, shape (groups, groups)
        Of how many restored, and clean, rows of each group the classifier says each group.
    moved : Intervals
        Share of each group that is recognised as its own, restored minus clean, on the same rows.
    notes : tuple of str
        What was found out about the degradation, and how rows were divided.
    """

    groups: tuple[str, ...]
    n: NDArray[np.int64]
    figures: dict[str, Intervals]
    largest: dict[str, Largest | None]
    looks_restored: NDArray[np.int64]
    looks_clean: NDArray[np.int64]
    moved: Intervals
    notes: tuple[str, ...] = ()

    def looks_like(self) -> Intervals:
        """Return the share of restored rows of each group that look like each, (groups, groups)."""
        return share_intervals(self.looks_restored, self.n[:, None])

    @property
    def loses_its_group(self) -> NDArray[np.bool_]:
        """Groups of which fewer rows are recognised once restored, all groups counted."""
        return np.asarray(self.moved.high < 0)

    @property
    def sentence(self) -> str:
        """The answer."""
        parts = []
        worst = self.largest["mse"]
        if worst is not None:
            ratio = (
                self.figures["mse"].values[worst.highest] / self.figures["mse"].values[worst.lowest]
            )
            sure = "" if worst.low > 0 else ", which may be chance"
            parts.append(
                f"The error is {ratio:.1f} times as large for {self.groups[worst.highest]} as for "
                f"{self.groups[worst.lowest]}{sure}"
            )
        lost = np.flatnonzero(self.loses_its_group)
        if len(lost):
            g = int(lost[np.argmin(self.moved.values[lost])])
            others = np.where(np.arange(len(self.groups)) == g, -1, self.looks_restored[g])
            towards = int(others.argmax())
            share, before = (
                looks[g, towards] / self.n[g] for looks in (self.looks_restored, self.looks_clean)
            )
            parts.append(
                f"restored rows of {self.groups[g]} come to look like {self.groups[towards]}: "
                f"{share:.0%} do, {before:.0%} of the same rows when clean"
            )
        else:
            parts.append("no group loses its look by being restored")
        return "; ".join(parts) + f" ({int(self.n.sum()):,} rows)."

    def to_frame(self) -> pd.DataFrame:
        """Return a row a group: every figure with its interval, and what it looks like."""
        table: dict[str, Any] = {"group": self.groups, "n": self.n}
        of_own = {
            "recognised_clean": share_intervals(np.diag(self.looks_clean), self.n),
            "recognised_restored": share_intervals(np.diag(self.looks_restored), self.n),
            "moved": self.moved,
        }
        for name, of in {**self.figures, **of_own}.items():
            table |= {name: of.values, f"{name}_low": of.low, f"{name}_high": of.high}
        return pd.DataFrame(table)


@dataclass(frozen=True, eq=False)
class _Judged:
    """Rows as vectors."""

    clean: Annotated[Floats, "(n, d)."]
    restored: Annotated[Floats, "(repeats, n, d)."]
    linear: Annotated[Floats, "The linear prediction, (n, d)."]


def audit_restoration(
    restore: Rows,
    clean: ArrayLike,
    groups: ArrayLike,
    degrade: Rows,
    *,
    repeats: int = 1,
    value_range: float | None = None,
    seed: int = 0,
) -> RestorationAudit:
    """Say what a restoration invents, and for which group.

    When to use: on pictures that the restoration did not learn from, before anybody takes a
    restored one for evidence. When it fails: with less than about a hundred rows a group; of what
    is not linear in the degraded row, the best prediction is unknown, and "invented" counts what a
    cleverer one could have known as invented where it is wrong, never where it is right; the
    likeness is that of one classifier.

    Parameters
    ----------
    restore : callable
        Takes degraded rows and returns restored ones, as many and shaped as the clean ones.
    clean : array-like of shape (n, ...)
        Rows that it did not learn from; half of them judge, the others teach the linear prediction
        and the classifier.
    groups : array-like of shape (n,)
        The group of each.
    degrade : callable
        Takes clean rows and returns degraded ones.
    repeats : int, default=1
        How often each row is restored; more than once shows how far guesses differ.
    value_range : float, optional
        Largest value minus smallest, for PSNR; default: that of the clean rows.
    seed : int, default=0
        Of the halves.

    Returns
    -------
    RestorationAudit
        Its ``sentence`` is the answer; ``to_frame()`` has a row a group.

    Raises
    ------
    InputError
        For too few rows or groups, and if rows come back with another shape.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits, kind = load_digits(n_class=4, return_X_y=True)
    >>> pictures = digits.reshape(-1, 8, 8)
    >>> halved = lambda rows: rows.reshape(len(rows), 4, 2, 4, 2).mean(axis=(2, 4))
    >>> twice = lambda rows: rows.repeat(2, axis=1).repeat(2, axis=2)
    >>> found = audit_restoration(twice, pictures, kind, halved)
    >>> found.figures["inconsistency"].values.round(12).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    rows = np.asarray(clean, dtype=np.float64)
    names, codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    if len(codes) != len(rows) or len(rows) < FEWEST_ROWS or len(names) < 2:
        raise InputError(
            f"audit_restoration: {len(rows)} rows with {len(codes)} entries of {len(names)} "
            f"groups; give at least {FEWEST_ROWS} rows, each with its group, of at least 2 groups."
        )
    fewest = int(np.bincount(codes).min())
    if fewest < 2 * LEAST_VALUES:
        raise InputError(
            f'audit_restoration: the group "{names[np.bincount(codes).argmin()]}" has {fewest} '
            f"rows; give at least {2 * LEAST_VALUES} of each, or merge it."
        )
    if repeats < 1:
        raise InputError(f"repeats={repeats} must be at least 1.")
    learn, judge = _halves(codes, seed)
    degraded = np.asarray(degrade(rows), dtype=np.float64)
    given, shape = degraded[judge], rows[judge].shape
    restored = np.stack([_restored(restore, given, shape) for _ in range(repeats)])
    judged = _Judged(
        _flat(rows[judge]), restored.reshape(repeats, len(judge), -1),
        _linear(_flat(degraded[learn]), _flat(rows[learn]), _flat(degraded[judge])),
    )  # fmt: skip
    notes = [
        f"{len(learn):,} rows taught the linear prediction and the classifier, {len(judge):,} "
        "others were judged."
    ]
    figures = _figures(judged, value_range or float(np.ptp(rows)))
    again = np.asarray(degrade(rows), dtype=np.float64)
    if np.array_equal(again, degraded):
        figures["inconsistency"] = np.mean(
            [
                _mean_square(_flat(np.asarray(degrade(r))) - _flat(degraded[judge]))
                for r in restored
            ],
            axis=0,
        )
    else:
        notes.append("The degradation is random, so that no restoration has to agree with it.")
    if repeats > 1:
        figures["spread"] = judged.restored.var(axis=0, ddof=1).mean(axis=1)
        if not figures["spread"].any():
            notes.append("Every restoration of a row is the same.")
    own = codes[judge]
    by_group = {name: _by_group(values, own, len(names)) for name, values in figures.items()}
    seen = recogniser(_flat(rows[learn]), codes[learn], len(names), seed)
    said = [_said(seen, x) for x in (judged.clean, judged.restored[0])]
    looks = [_confusion(own, of, len(names)) for of in said]
    right = [of == own for of in said]
    n = np.bincount(own, minlength=len(names))
    moved = paired_difference(
        np.bincount(own, right[1] & ~right[0], len(names)),
        np.bincount(own, right[0] & ~right[1], len(names)), n, level=1 - 0.05 / len(names),
    )  # fmt: skip
    return RestorationAudit(
        tuple(map(str, names)), n, by_group,
        {name: largest_difference([of], seed) for name, of in by_group.items()},
        looks[1], looks[0], moved, tuple(notes),
    )  # fmt: skip


def _halves(codes: NDArray[np.intp], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    order = np.random.default_rng(seed).permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    return np.sort(order[::2]), np.sort(order[1::2])


def _restored(restore: Rows, degraded: Floats, shape: tuple[int, ...]) -> Floats:
    found = np.asarray(restore(degraded), dtype=np.float64)
    # A channel of its own more or less is no other picture.
    if found.shape[:1] == shape[:1] and found.size == np.prod(shape):
        found = found.reshape(shape)
    if found.shape != shape:
        raise InputError(
            f"audit_restoration: the restoration returned the shape {found.shape} for rows of "
            f"{shape}; it has to return rows shaped as the clean ones."
        )
    if not np.isfinite(found).all():
        raise InputError("audit_restoration: the restoration returned NaN or infinity.")
    return found


def _flat(rows: Floats) -> Floats:
    return rows.reshape(len(rows), -1)


def _linear(degraded: Floats, clean: Floats, of: Floats) -> Floats:
    """Return the linear prediction of clean rows from degraded ones, learnt on other rows."""
    spread = float(degraded.var(axis=0).mean()) or 1.0
    model = RidgeCV(alphas=_PENALTIES * spread * len(degraded) / degraded.shape[1])
    predicted: Floats = model.fit(degraded, clean).predict(of)
    return predicted


def _figures(judged: _Judged, value_range: float) -> dict[str, Floats]:
    """Return each figure of each row, averaged over its restorations."""
    missing = judged.clean - judged.linear
    added = judged.restored - judged.linear
    along = np.einsum("rnd,nd->rn", added, missing) / np.maximum(
        np.square(missing).sum(axis=1), 1e-300
    )
    invented = added - along[:, :, None] * missing
    error = _mean_square(judged.restored - judged.clean)
    with np.errstate(divide="ignore"):
        psnr = 10 * np.log10(value_range**2 / np.maximum(error, 1e-12 * value_range**2))
    of_rows = {
        "mse": error, "psnr": psnr, "detail": _mean_square(added),
        "invented": _mean_square(invented),
    }  # fmt: skip
    return {name: values.mean(axis=0) for name, values in of_rows.items()}


def _mean_square(rows: Floats) -> Floats:
    found: Floats = np.square(rows).mean(axis=-1)
    return found


def _by_group(values: Floats, codes: NDArray[np.intp], groups: int) -> Intervals:
    each = [mean_interval(values[codes == g]) for g in range(groups)]
    # Where all rows of a group have the same value, such as 0, it is no estimate.
    ends = [(m.value, m.value, m.value) if np.isnan(m.low) else tuple(m) for m in each]
    return Intervals(*(np.array(end) for end in zip(*ends, strict=True)))


def _said(of: Recogniser, x: Floats) -> NDArray[np.int64]:
    said: NDArray[np.int64] = of.classifier.predict(x)
    return said


def _confusion(codes: NDArray[np.intp], said: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    found = np.zeros((groups, groups), dtype=np.int64)
    np.add.at(found, (codes, said), 1)
    return found
