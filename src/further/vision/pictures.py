"""Pictures of any size, scaled and padded to what a network sees, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset, as_dataset
from further.data.encoding import Encoding
from further.data.formats.decoding import Decoder
from further.data.formats.picture_files import stored_pages
from further.data.formats.picture_pages import SKIPPING, size_of, strict_decoding
from further.data.formats.placement import Placement, scaled_mask
from further.data.loading import load
from further.data.spec import Spec, TargetSpec
from further.errors import InputError

Floats = NDArray[np.float64]

#: Percentiles of a picture's values between which its range is used.
USED = (0.1, 99.9)
#: Red, green and blue as grey (ITU-R 601, as Pillow has it).
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, eq=False)
class ScaledPictures(Encoding):
    """Pictures as bytes, each scaled so that its longer side has so many pixels.

    Attributes
    ----------
    spec : Spec
        Channels, height and width that hold every training picture.
    longest : int
        The longer side of each picture in pixels; 0 leaves pictures as they are.
    multiple : int
        Height and width are padded to a multiple of it, right and below.
    low, high : float
        The values that become 0 and 255.
    least_range : float or None
        If given, those are of each picture instead, what :func:`used_range` returns, but at least
        so far apart: what an empty picture has is noise.
    """

    spec: Spec
    longest: int
    multiple: int
    low: float
    high: float
    least_range: float | None = None

    @classmethod
    def fit(
        cls,
        train: Dataset,
        score: Any = None,
        *,
        longest: int = 0,
        multiple: int = 32,
        least_range: float | None = None,
    ) -> Self:
        """Fit on training pictures.

        Parameters
        ----------
        train : Dataset
            Of pictures.
        score : None
            Pictures have none.
        longest, multiple, least_range
            See the attributes.

        Returns
        -------
        ScaledPictures
            Fitted.
        """
        low, high = 0.0, float(train.levels - 1) if train.levels else 255.0
        if train.levels is None:
            values = np.asarray(train.values)
            low, high = float(values.min()), float(values.max())
        empty = cls(Spec((train.values.shape[1], 1, 1)), longest, multiple, low, high or 1.0)
        sides = empty.sides(train).max(axis=0)
        height, width = -(-sides[::-1] // multiple) * multiple
        spec = Spec((train.values.shape[1], int(height), int(width)), 256, target=train.target_spec)
        return cls(spec, longest, multiple, low, high if high > low else low + 1, least_range)

    def scales(self, dataset: Dataset) -> Floats:
        """Return the factor (n,) by which the sides of each picture change."""
        sizes = picture_sizes(dataset)
        if not self.longest:
            return np.ones(len(sizes))
        return self.longest / sizes.max(axis=1)

    def sides(self, dataset: Dataset) -> NDArray[np.int64]:
        """Return width and height (n, 2) of each picture once it is scaled."""
        scaled = picture_sizes(dataset) * self.scales(dataset)[:, None]
        return np.maximum(1, np.rint(scaled)).astype(np.int64)

    def encode(self, dataset: Dataset, dtype: Any = np.uint8) -> NDArray[np.uint8]:
        """Return pictures (n, channels, height, width) as bytes, padded with zeros.

        They are as large as the training pictures, or larger where one of them is, and in grey or
        in colour as those are.

        Raises
        ------
        InputError
            If their channels are neither, or their values far beyond those of the training.
        """
        channels = self.spec.shape[0]
        if {dataset.values.shape[1], channels} not in ({channels}, {1, 3}):
            raise InputError(
                f"{dataset.name} has pictures of {dataset.values.shape[1]} channels, but the "
                f"training pictures have {channels}; give such pictures."
            )
        sides = self.sides(dataset)
        out = np.zeros((len(dataset), channels, *self._padded(sides)), dtype=np.uint8)
        for i, size in enumerate(picture_sizes(dataset)):
            width, height = sides[i]
            picture = np.asarray(dataset.values[i])[:, : size[1], : size[0]]
            if picture.dtype != np.uint8 and self.least_range is None:
                self._refuse_other_scale(dataset, float(picture.max()))
            if channels == 1 and len(picture) == 3:
                grey = np.tensordot(LUMA, picture, axes=1)[None]
                picture = np.rint(grey).astype(np.uint8) if picture.dtype == np.uint8 else grey
            out[i, :, :height, :width] = _resampled(self._bytes(picture), int(width), int(height))
        return out

    def _refuse_other_scale(self, dataset: Dataset, highest: float) -> None:
        """Refuse pictures of more bits than those of the training, which would all be white."""
        if highest > self.high + (self.high - self.low):
            raise InputError(
                f"{dataset.name} has values up to {highest:g}, but those of the training pictures "
                f"lie from {self.low:g} to {self.high:g}; give pictures on that scale, or train "
                'with contrast="stretched".'
            )

    def encode_map(self, dataset: Dataset, maps: NDArray[Any]) -> NDArray[Any]:
        """Return what belongs to each pixel, scaled and padded as the pictures are.

        Parameters
        ----------
        dataset : Dataset
            The pictures.
        maps : array of shape (n, height, width)
            A number for each pixel of each picture, which is kept and never averaged.

        Returns
        -------
        array of shape (n, height, width)
            Of the same type, as large as encoded pictures are; 0 where no picture is.
        """
        sides = self.sides(dataset)
        out = np.zeros((len(dataset), *self._padded(sides)), dtype=maps.dtype)
        for i, size in enumerate(picture_sizes(dataset)):
            width, height = sides[i]
            picture = maps[i][: size[1], : size[0]]
            out[i, :height, :width] = scaled_mask(picture, (int(width), int(height)))
        return out

    def _padded(self, sides: NDArray[np.int64]) -> list[int]:
        """Return height and width that hold pictures of these sides, and those of the training."""
        padded = -(-sides[:, ::-1].max(axis=0) // self.multiple) * self.multiple
        if self.spec.size > self.spec.shape[0]:  # once fitted
            padded = np.maximum(padded, self.spec.shape[1:])
        found: list[int] = padded.tolist()
        return found

    def _bytes(self, picture: NDArray[Any]) -> NDArray[np.uint8]:
        low, high = self.low, self.high
        if self.least_range is not None:
            low, high = used_range(picture)
            high = max(high, low + self.least_range)
        if picture.dtype == np.uint8 and (low, high) == (0.0, 255.0):
            return picture
        scaled = (picture.astype(np.float32) - low) * (255 / (high - low))
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)

    def decode(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return bytes as they are: how large the pictures were is not known any more."""
        return array

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "kind": "scaled pictures",
            "shape": list(self.spec.shape),
            "target_spec": self.spec.target and self.spec.target.to_json(),
            "longest": self.longest,
            "multiple": self.multiple,
            "low": self.low,
            "high": self.high,
            "least_range": self.least_range,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` recorded."""
        target = TargetSpec.from_json(record["target_spec"])
        spec = Spec(tuple(record["shape"]), 256, target=target)
        return cls(
            spec, record["longest"], record["multiple"], record["low"], record["high"],
            record.get("least_range"),
        )  # fmt: skip


def used_range(picture: NDArray[Any]) -> tuple[float, float]:
    """Return the values between which all but a thousandth of a picture lie, at either end.

    Parameters
    ----------
    picture : array of shape (channels, height, width)
        Any numbers.

    Returns
    -------
    low, high : float
        In the units of the picture.
    """
    low, high = np.percentile(picture, USED)
    return float(low), float(high)


def picture_sizes(dataset: Dataset) -> NDArray[np.int64]:
    """Return width and height (n, 2) of each picture of a data set, without what pads it."""
    if dataset.sizes is not None:
        return np.asarray(dataset.sizes, dtype=np.int64)
    height, width = dataset.values.shape[2:]
    return np.tile(np.array([width, height]), (len(dataset), 1))


def as_pictures(X: Any) -> Dataset:
    """Return pictures as a data set, whatever they are given as.

    Parameters
    ----------
    X : Dataset, array, path, or sequence of arrays or paths
        Arrays (n, height, width), (n, channels, height, width) or (n, height, width, channels); a
        sequence of arrays (height, width) or (height, width, channels) of any sizes; a folder, a
        picture file, or several of them.

    Returns
    -------
    Dataset
        Of kind "images"; of different sizes padded right and below.

    Raises
    ------
    InputError
        If it holds no pictures, or they cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> two = as_pictures([np.zeros((8, 9), np.uint8), np.zeros((6, 12), np.uint8)])
    >>> two.values.shape, two.sizes.tolist()
    ((2, 1, 8, 12), [[9, 8], [12, 6]])
    """
    if isinstance(X, str | Path):
        X = load(X) if Path(X).expanduser().is_dir() or not Path(X).exists() else [X]
    if isinstance(X, Dataset):
        if X.kind != "images":
            raise InputError(f"{X.name} is a table; give pictures.")
        return X
    if isinstance(X, Sequence) and len(X) and isinstance(X[0], str | Path):
        return _read([Path(path) for path in X])
    if isinstance(X, Sequence) and len({np.shape(x) for x in X}) > 1:
        return _stacked([np.asarray(x) for x in X])
    dataset = as_dataset(X)
    if dataset.kind != "images":
        raise InputError("X is a table; give pictures, such as an array (n, height, width).")
    return dataset


def _read(paths: list[Path]) -> Dataset:
    """Return the first picture of each file, padded to the size of the largest."""
    try:
        pages = [pages[0] for pages in stored_pages(paths)]
        with strict_decoding():
            placement = Placement.of([size_of(page) for page in pages], None)
        decoder = Decoder(pages, placement=placement)
        values = decoder.read()
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except InputError as error:  # here nothing is skipped
        raise InputError(str(error).replace(SKIPPING, "")) from error
    if all(page.bilevel for page in pages):
        values = values * np.uint8(255)
    return Dataset(
        paths[0].stem, "images", values, levels=decoder.levels, sizes=placement.sizes,
        files=np.array([str(path) for path in paths], dtype=object),
    )  # fmt: skip


def _stacked(pictures: list[NDArray[Any]]) -> Dataset:
    deep = [p[..., None] if p.ndim == 2 else p for p in pictures]
    channels = {p.shape[2] for p in deep}
    if channels == {1, 3}:
        deep = [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in deep]
    elif len(channels) > 1:
        raise InputError(f"The pictures have {sorted(channels)} channels; give all of one kind.")
    height, width = (max(p.shape[i] for p in deep) for i in (0, 1))
    values = np.zeros((len(deep), deep[0].shape[2], height, width), dtype=deep[0].dtype)
    for i, picture in enumerate(deep):
        values[i, :, : picture.shape[0], : picture.shape[1]] = picture.transpose(2, 0, 1)
    sizes = np.array([[p.shape[1], p.shape[0]] for p in deep])
    levels = 256 if values.dtype == np.uint8 else None
    return Dataset("pictures", "images", values, levels=levels, sizes=sizes)


def _resampled(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture (channels, height, width) of other sides, averaged where it shrinks."""
    if picture.shape[1:] == (height, width):
        return picture
    from PIL import Image

    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))
        for plane in np.ascontiguousarray(picture)
    ]
    return np.stack(planes)
