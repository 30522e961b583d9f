"""What a report shows of a member: samples, nearest training rows, latent map, interpolation."""

from __future__ import annotations

import dataclasses
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.train.files import write_bytes, write_json, write_text

if TYPE_CHECKING:
    from further.compare.generation.setting import Setting
    from further.evaluate.generation.evaluator import EncodedRows
    from further.generate.generative_estimator import GenerativeEstimator

Places = NDArray[np.intp]
#: Samples, the training row nearest to each, and the distances.
Pairs = tuple[Places, Places, NDArray[np.floating[Any]]]

SHEET = 8
PAIRS = 10
STRIPS, STEPS = 4, 10
#: Rows that are kept of held-out and of generated data, and how many values they may have in all.
ROWS_KEPT, VALUES_KEPT, LEAST_KEPT = 200, 300_000, 20
BINS = 20
MAX_MAP_POINTS = 1000


def write_pictures(
    setting: Setting,
    estimator: GenerativeEstimator | None,
    generated: Dataset,
    samples: EncodedRows,
    folder: Path,
) -> None:
    """Write the pictures, or for tables the rows, of a member into its run.

    Parameters
    ----------
    setting : Setting
        Rows, split and evaluator.
    estimator : GenerativeEstimator or None
        Fitted; None where the rows come from elsewhere.
    generated : Dataset
        Its samples.
    samples : EncodedRows
        The same as the evaluator sees them.
    folder : Path
        Its run.
    """
    train, test = setting.part("train"), setting.part("test")
    nearest, distances = setting.evaluator.nearest_training(samples)
    # The pairs that look most like copies.
    which = np.argsort(distances, kind="stable")[:PAIRS]
    show, set_beside = _SHOWN[generated.kind]
    show(folder, "samples", generated)
    set_beside(folder, generated, train, test, (which, nearest[which], distances[which]))
    if hasattr(estimator, "transform_encoded"):
        write_latent(estimator, test, folder)


def write_expected(generated: Dataset, expected: np.ndarray, folder: Path) -> None:
    """Write the samples that are shown without the noise of single pixels.

    Parameters
    ----------
    generated : Dataset
        The samples.
    expected : array like its values
        What the decoder expects for the same codes.
    folder : Path
        The run of the member.
    """
    _show_pictures(folder, "expected", dataclasses.replace(generated, values=expected))


def write_real(setting: Setting, folder: Path) -> None:
    """Write what held-out data look like into the run of the comparison.

    ``held_out.json`` says which test rows are kept: those of ``real.csv``, or the pictures of
    ``pictures/held_out.png``, by which a page shows what a figure of single rows is made of.

    Parameters
    ----------
    setting : Setting
        The held-out rows.
    folder : Path
        The run.
    """
    test = setting.part("test")
    _SHOWN[test.kind][0](folder, "real", test)
    kept = kept_rows(test)
    if setting.encoding.spec.is_image:
        sheet = sheet_png(np.asarray(test.values[kept]), SHEET, test.levels)
        write_bytes(folder / "pictures" / "held_out.png", sheet)
    classes = None if test.classes is None else test.classes.values[kept].tolist()
    write_json(
        folder / "held_out.json",
        {"place": kept, "row": setting.split.test[kept], "class": classes},
    )


def kept_rows(dataset: Dataset) -> Places:
    """Return which rows of a data set a run keeps to be looked at, of each class in turn.

    Parameters
    ----------
    dataset : Dataset
        Held-out or generated rows.

    Returns
    -------
    array of intp
        Their places, in the order in which they are kept: the first ones look like all of them.
    """
    size = max(1, math.prod(dataset.values.shape[1:]))
    return _spread_over_classes(dataset, max(LEAST_KEPT, min(ROWS_KEPT, VALUES_KEPT // size)))


def _show_rows(folder: Path, name: str, dataset: Dataset) -> None:
    shown = _with_label(dataset).iloc[kept_rows(dataset)]
    write_text(folder / f"{name}.csv", shown.to_csv(index=False))


def _set_rows_beside(
    folder: Path, generated: Dataset, train: Dataset, test: Dataset, pairs: Pairs
) -> None:
    rows, known = _with_label(generated), _with_label(train)
    listed = pd.concat(
        [
            pd.concat([rows.iloc[[i]], known.iloc[[j]]]).assign(
                pair=number + 1, distance=d, row=["generated", "nearest training row"]
            )
            for number, (i, j, d) in enumerate(zip(*pairs, strict=True))
        ]
    )
    write_text(folder / "nearest.csv", listed.to_csv(index=False))
    write_json(folder / "columns.json", _columns(test.values, generated.values))


def _show_pictures(folder: Path, name: str, dataset: Dataset) -> None:
    sheet = sheet_png(pictures_by_class(dataset), SHEET, dataset.levels)
    write_bytes(folder / "pictures" / f"{name}.png", sheet)


def _set_pictures_beside(
    folder: Path, generated: Dataset, train: Dataset, test: Dataset, pairs: Pairs
) -> None:
    which, nearest, _ = pairs
    tiles = np.concatenate([generated.values[which], train.values[nearest]])
    sheet = sheet_png(tiles, len(which), train.levels)
    write_bytes(folder / "pictures" / "nearest.png", sheet)


#: How some rows are shown, and how generated ones are set beside real ones, by kind of data.
_SHOWN = {
    "table": (_show_rows, _set_rows_beside),
    "images": (_show_pictures, _set_pictures_beside),
}


def pictures_by_class(dataset: Dataset) -> np.ndarray:
    """Return 64 pictures drawn at random, of every class as many, in order of class."""
    chosen = _spread_over_classes(dataset, SHEET * SHEET)
    if dataset.codes is not None:
        chosen = chosen[np.argsort(dataset.codes[chosen], kind="stable")]
    return np.asarray(dataset.values[chosen])


def _spread_over_classes(dataset: Dataset, most: int) -> Places:
    """Draw rows at random, from each class in turn where there are labels.

    The first rows would do only if nobody sorted files by class.
    """
    order = np.random.default_rng(0).permutation(len(dataset))
    if dataset.codes is None:
        return order[:most]
    # The place of each row within its class, in the random order.
    by_class = np.argsort(dataset.codes[order], kind="stable")
    sizes = np.unique(dataset.codes, return_counts=True)[1]
    place = np.empty(len(order), dtype=np.intp)
    place[by_class] = np.concatenate([np.arange(size) for size in sizes])
    return order[np.argsort(place, kind="stable")][:most]


def sheet_png(pictures: np.ndarray, columns: int, levels: int | None) -> bytes:
    """Return pictures ``(n, channels, height, width)`` as one PNG, ``columns`` to a row.

    Parameters
    ----------
    pictures : array of shape (n, channels, height, width)
        Grey levels from 0 on.
    columns : int
        Pictures to a row.
    levels : int or None
        How many grey levels there are; None for pictures between 0 and 1.

    Returns
    -------
    bytes
        The file.
    """
    from PIL import Image

    n, channels, height, width = pictures.shape
    rows = -(-n // columns)
    scaled = pictures.astype(np.float64) / ((levels or 2) - 1)
    tiles = np.zeros((rows * columns, channels, height, width), np.uint8)
    tiles[:n] = (scaled.clip(0, 1) * 255).round().astype(np.uint8)
    sheet = tiles.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    image = Image.fromarray(sheet[..., 0] if channels == 1 else sheet[..., :3])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def write_latent(estimator: Any, test: Dataset, folder: Path) -> None:
    """Write the map of the latent space, and the way between pictures through it.

    Parameters
    ----------
    estimator : estimator
        Fitted, with a latent space.
    test : Dataset
        The held-out rows.
    folder : Path
        Its run.
    """
    from sklearn.decomposition import PCA

    encoded = estimator.encoding_.encode(test)
    codes = estimator.transform_encoded(encoded)
    flat = codes if codes.shape[1] <= 2 else PCA(2, random_state=0).fit_transform(codes)
    kept, order = kept_rows(test), np.random.default_rng(0).permutation(len(flat))
    # The first points are the rows that the run keeps, so that a page can show what they are.
    drawn = np.concatenate([kept, order[~np.isin(order, kept)]])[:MAX_MAP_POINTS]
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))[drawn]
    method = "latent codes" if codes.shape[1] <= 2 else "two principal components of the codes"
    labels = None if test.classes is None else test.classes.values[drawn].tolist()
    write_json(
        folder / "pictures" / "latent.json",
        {"method": method, "x": flat[:, 0], "y": flat[:, 1], "label": labels, "kept": len(kept)},
    )
    if not estimator.spec_.is_image:
        return
    ends = _spread_over_classes(test, min(2 * STRIPS, len(codes) // 2 * 2))
    t = np.linspace(0, 1, STEPS)[None, :, None]
    first, last = codes[ends[0::2], None], codes[ends[1::2], None]
    path = ((1 - t) * first + t * last).reshape(-1, codes.shape[1]).astype(np.float32)
    classes = None
    if estimator.spec_.n_classes and test.codes is not None:
        # Half-way along the path the class changes too, for models that are conditioned on it.
        halves = np.arange(STEPS) < STEPS // 2
        starts, stops = test.codes[ends[0::2], None], test.codes[ends[1::2], None]
        classes = np.where(halves, starts, stops).reshape(-1)
    rows = estimator.encoding_.decode(estimator.inverse_transform_encoded(path, classes))
    sheet = sheet_png(rows, STEPS, test.levels)
    write_bytes(folder / "pictures" / "interpolation.png", sheet)


def _with_label(dataset: Dataset) -> pd.DataFrame:
    """Return a table with its label column, as in the source."""
    frame = dataset.frame
    if dataset.classes is None:
        return frame
    return frame.assign(**{dataset.classes.name: dataset.classes.values})


def _columns(real: Any, generated: Any) -> list[dict[str, Any]]:
    """Return the distribution of each column, real beside generated, as shares."""
    columns = []
    for name in real.columns:
        a, b = real[name].dropna(), generated[name].dropna()
        if pd.api.types.is_numeric_dtype(a) and not pd.api.types.is_bool_dtype(a):
            ends = np.array([a.min(), a.max()], dtype=float)
            if not ends[0] < ends[1]:  # one value only, or none
                continue
            edges = np.linspace(ends[0], ends[1], BINS + 1)
            share = [
                np.histogram(np.clip(c.astype(float), *ends), edges)[0] / max(1, len(c))
                for c in (a, b)
            ]
            entry = {"kind": "numeric", "edges": edges}
        else:
            names = list(pd.concat([a, b]).astype(str).value_counts().index[:BINS])
            share = [
                c.astype(str).value_counts(normalize=True).reindex(names).fillna(0).to_numpy()
                for c in (a, b)
            ]
            entry = {"kind": "categorical", "categories": names}
        columns.append({"name": str(name), **entry, "real": share[0], "generated": share[1]})
    return columns
