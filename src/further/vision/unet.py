r"""The U-Net: a class for each pixel.

.. math:: p_{i \cdot} = \mathrm{softmax}\bigl(f(x)_i\bigr), \qquad \hat k_i = \arg\max_k p_{ik},

with f the network of :mod:`further.nn.unet`, the same that removes the noise of the diffusion
model, here normalised by batch, so that what it says of a place depends on the surroundings alone
and a picture may be seen in tiles (:mod:`further.vision.tiles`). It works on cells of 2 x 2 pixels
where windows are large enough: the pixels of a cell enter as channels, and their classes leave as
such, at a quarter of the operations.

What depends on the data is set from them as nnU-Net does: windows as large as the pictures, up to a
bound; as many halvings as leave a few places at the bottom; as many windows a step as have a given
number of pixels; and pictures made smaller where nothing of their masks is lost by it.

References
----------
Ronneberger, Fischer and Brox 2015, "U-Net: convolutional networks for biomedical image
segmentation". Isensee et al. 2021, "nnU-Net: a self-configuring method for deep learning-based
biomedical image segmentation".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.formats.placement import scaled_mask
from further.data.spec import Spec
from further.data.target import Mask, Target
from further.errors import InputError
from further.nn.unet import Doubling
from further.nn.unet import UNet as Trunk
from further.train.batch import Batch
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training
from further.vision.augmentation import AUGMENTATIONS, as_float
from further.vision.mask_loss import LOSSES, mask_losses, overlaps
from further.vision.mask_windows import NOTHING, windows
from further.vision.network import learning
from further.vision.on_backbone import BackboneNetwork
from further.vision.pictures import ScaledPictures, as_pictures, picture_sizes
from further.vision.tiles import tiled
from further.vision.unet_backbone import BackboneUNet, padded

#: Sides of windows, if they are to be chosen, are multiples of the first and at most the second.
STEP_OF_SIDES, LARGEST_PATCH = 32, 256
#: Halvings leave at least so many places a side at the bottom, and are at most so many.
LEAST_PLACES, MOST_HALVINGS = 8, 6
#: Windows of at least this side are seen in cells of 2 x 2 pixels.
SIDE_OF_CELLS = 128
#: Pixels of the windows of a step, and the least and most windows.
PIXELS_A_STEP, WINDOWS_A_STEP = 2**18, (4, 32)
#: Pictures with a longer side are made as small as this where each class keeps this Dice.
LONG_SIDE, KEPT_DICE, PICTURES_ASKED = 1024, 0.97, 20
#: Larger pictures are seen in tiles of this side, which overlap by a quarter.
TILE = 1024


class _Net(nn.Module):
    """Pictures from 0 to 1 to the logits of their pixels."""

    def __init__(
        self, n_in: int, n_out: int, width: int, halvings: int, cell: int, up: Doubling
    ) -> None:
        super().__init__()
        self.cell = cell
        levels = halvings - (cell > 1)
        self.multiple = cell * 2**levels
        self.normalise = nn.BatchNorm2d(n_in, affine=False)
        self.trunk = Trunk(
            n_in * cell**2, n_out * cell**2, width=width, levels=levels, norm="batch", up=up
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to (n, classes, height, width)."""
        height, width = x.shape[2:]
        h = padded(self.normalise(x), self.multiple)
        h = self.trunk(F.pixel_unshuffle(h, self.cell))
        return F.pixel_shuffle(h, self.cell)[..., :height, :width]


@hyperparameters
class UNet(BackboneNetwork):
    """Network that says of each pixel of a picture which class it is of.

    Use it where areas are wanted rather than objects: tissue, roads, membranes, from some ten
    pictures on. It fails where things of one class that touch have to be told apart, for which
    :class:`~further.vision.unet_watershed.UNetWatershed` is made; for structures much larger than
    a window; and for classes of which the training pictures show a few pixels only.

    Parameters
    ----------
    width : int, default=16
        Channels at the finest resolution; doubled at each halving, up to four times.
    depth : int or "auto", default="auto"
        How often the sides of a window are halved; "auto" as often as leaves 8 places.
    patch : int or "auto", default="auto"
        Side of the square windows that it trains on, in pixels; "auto" as large as the pictures,
        up to 256.
    up : {"transposed", "resize"}, default="transposed"
        How the decoder doubles sides: by transposed convolution, or resized and convolved.
    loss : {"cross_entropy", "dice", "tversky", "cross_entropy+dice", "cross_entropy+tversky"}, \
            default="cross_entropy+dice"
        What is minimised; see :mod:`further.vision.mask_loss`.
    class_weights : "balanced", sequence of float or None, default=None
        Weights of the classes in the cross-entropy; "balanced" in inverse proportion to their
        pixels.
    augmentation : {"mirror", "turn", "shift", "none"}, default="mirror"
        What happens to windows while training: moved, scaled, turned a little, stretched
        elastically and in another light, and mirrored left to right; "turn" by quarters and upside
        down too, as under a microscope; "shift" for letters and digits.
    backbone : str or None, default=None
        What turns pictures into features of all resolutions: an encoder of its own, or a backbone.
    channels, weights, trainable
        Of the backbone; see :class:`~further.vision.on_backbone.BackboneNetwork`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    names_ : tuple of str
        The classes.
    patch_, depth_ : int
        As chosen.
    class_weights_ : array of shape (classes,) or None
        As used.
    notes_ : list of str
        What it decided for itself, in sentences.

    References
    ----------
    Ronneberger, Fischer and Brox 2015, "U-Net: convolutional networks for biomedical image
    segmentation".

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Mask
    >>> from further.vision.unet import UNet
    >>> pictures = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype=np.uint8)
    >>> bright = Mask("bright", (pictures > 128).astype(np.uint8), ("dark", "bright"))
    >>> model = UNet(budget="3 epochs", precision="float32", random_state=0).fit(pictures, bright)
    >>> model.predict(pictures[:2]).codes.shape
    (2, 32, 32)
    """

    finds: ClassVar[str] = "mask"
    multiple: ClassVar[int] = 1
    finest: ClassVar[int] = 2

    width: int = 16
    depth: int | str = "auto"
    patch: int | str = "auto"
    up: Literal["transposed", "resize"] = "transposed"
    loss: str = "cross_entropy+dice"
    class_weights: str | Sequence[float] | None = None
    augmentation: str = "mirror"
    backbone: str | None = None

    training_defaults: ClassVar[Training] = Training(
        learning_rate=4e-3, weight_decay=0.02, warmup=0.05, averaging=0.99, keep="last",
    )  # fmt: skip
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BackboneNetwork._parameter_constraints,
        "backbone": [None, str],
        "width": [Interval(Integral, 1, None, closed="left")],
        "depth": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "patch": [StrOptions({"auto"}), Interval(Integral, 8, None, closed="left")],
        "up": [StrOptions({"transposed", "resize"})],
        "loss": [StrOptions(set(LOSSES))],
        "class_weights": [None, StrOptions({"balanced"}), "array-like"],
        "augmentation": [StrOptions(set(AUGMENTATIONS))],
    }

    # What the network learns from -----------------------------------------------------------------

    def pixel_names(self) -> tuple[str, ...]:
        """Return the classes of pixels that the network tells apart."""
        return tuple(self.names_)

    def pixel_classes(self, target: Target, row: int) -> NDArray[np.uint8]:
        """Return the class of each pixel of a picture.

        Parameters
        ----------
        target : Target
            Of the kind that the model learns from.
        row : int
            Of the picture.

        Returns
        -------
        array of shape (height, width), uint8
            Positions in :meth:`pixel_names`.
        """
        assert isinstance(target, Mask)
        return target.codes[row]

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        if self.backbone is None and (self.weights is not None or self.trainable != "all"):
            raise InputError(
                f"weights={self.weights!r} and trainable={self.trainable!r} of "
                f"{type(self).__name__} are those of a backbone; choose one, or leave them out."
            )
        if self.backbone is not None and self.depth != "auto":
            raise InputError(
                f"depth={self.depth} of {type(self).__name__}: a backbone fixes how often sides "
                "are halved; leave depth or backbone out."
            )
        dataset = super()._dataset(X, y, reset=reset)
        n_classes = len(self.pixel_names())
        if n_classes > NOTHING:
            raise InputError(
                f"{dataset.name} has {n_classes} classes; {type(self).__name__} takes {NOTHING}."
            )
        return dataset

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        self._weigh(dataset)
        encoding = super()._fit_encoding(dataset)
        assert isinstance(encoding, ScaledPictures)
        shorter = int(np.median(encoding.sides(dataset).min(axis=1)))
        fitting = -(-shorter // STEP_OF_SIDES) * STEP_OF_SIDES
        self.patch_ = min(fitting, LARGEST_PATCH) if self.patch == "auto" else int(self.patch)
        self.depth_ = self._halvings(encoding.spec)
        batch = min(self.training_for(encoding.spec).batch_size, len(dataset))
        self.notes_.append(
            f"It trains on windows of {self.patch_} x {self.patch_} pixels (patch) of pictures "
            f"whose shorter side is {shorter}, {batch} a step, halved {self.depth_} times (depth)."
        )
        return encoding

    def _halvings(self, spec: Spec) -> int:
        """Return how often sides are halved: by what the window leaves, or by the backbone."""
        if self.backbone is not None:
            return int(np.log2(self.backbone_for(spec).strides[-1]))
        if self.depth != "auto":
            return int(self.depth)
        return min(int(np.log2(max(self.patch_ / LEAST_PLACES, 2))), MOST_HALVINGS)

    def longest_side(self, dataset: Dataset) -> int:
        """Return the longer side of pictures as the network sees them; 0 leaves them as they are.

        Large pictures are made smaller if no class loses by it what masks made smaller, and larger
        again, show.
        """
        longest = int(picture_sizes(dataset).max())
        if longest <= LONG_SIDE:
            return 0
        kept = self._dice_of_smaller(dataset)
        name, least = min(zip(self.pixel_names(), kept, strict=True), key=lambda pair: pair[1])
        smaller = f"{longest} pixels wide or high, {LONG_SIDE} of which would leave {name} a Dice"
        if least >= KEPT_DICE:
            self.notes_.append(f"Pictures are {smaller} of {least:.3f}: they are seen smaller.")
            return LONG_SIDE
        self.notes_.append(
            f"Pictures are {smaller} of {least:.3f} only: they are seen as they are."
        )
        return 0

    def _dice_of_smaller(self, dataset: Dataset) -> list[float]:
        """Return the Dice of each class that masks keep when they are made smaller."""
        assert dataset.target is not None
        n = len(self.pixel_names())
        both, either = np.zeros(n), np.zeros(n)
        sizes = picture_sizes(dataset)
        for row in np.linspace(0, len(dataset) - 1, min(len(dataset), PICTURES_ASKED)).astype(int):
            width, height = sizes[row]
            mask = self.pixel_classes(dataset.target, row)[:height, :width]
            factor = LONG_SIDE / max(width, height)
            size = max(1, round(width * factor)), max(1, round(height * factor))
            again = scaled_mask(scaled_mask(mask, size), (width, height))
            both += np.bincount(mask[mask == again], minlength=n)
            either += np.bincount(mask.ravel(), minlength=n) + np.bincount(
                again.ravel(), minlength=n
            )
        return [float(2 * b / e) if e else 1.0 for b, e in zip(both, either, strict=True)]

    def _weigh(self, dataset: Dataset) -> None:
        """Count the pixels of each class, refuse a single one, and set the weights."""
        assert dataset.target is not None
        names = self.pixel_names()
        counts = np.zeros(len(names))
        for row, (width, height) in enumerate(picture_sizes(dataset)):
            mask = self.pixel_classes(dataset.target, row)[:height, :width]
            counts += np.bincount(mask.ravel(), minlength=len(names))
        there = counts > 0
        if there.sum() < 2:
            only = names[int(counts.argmax())]
            raise InputError(
                f"All pixels of {dataset.name} are of one class, {only}; there is nothing to tell "
                "apart. Give masks of at least two classes."
            )
        rare = int(np.where(there, counts, np.inf).argmin())
        self.notes_.append(
            f"Of the pixels {counts[rare] / counts.sum():.2%} are of the rarest class, "
            f"{names[rare]}."
        )
        self.class_weights_: NDArray[np.float32] | None = None
        if self.class_weights is None:
            return
        if "cross_entropy" not in LOSSES[self.loss]:
            raise InputError(
                f'class_weights are those of the cross-entropy, which loss="{self.loss}" has not; '
                'take loss="cross_entropy+dice", or leave them out.'
            )
        if isinstance(self.class_weights, str):
            weights = np.where(there, counts.sum() / (there.sum() * np.maximum(counts, 1)), 1.0)
        else:
            weights = np.asarray(self.class_weights, dtype=float)
            if weights.shape != (len(names),) or not (weights > 0).all():
                raise InputError(
                    f"class_weights={self.class_weights!r} must be {len(names)} numbers above 0, "
                    f"one for each of {', '.join(names)}."
                )
        self.class_weights_ = weights.astype(np.float32)

    def _batch(self, dataset: Dataset) -> Batch:
        x = self.encoding_.encode(dataset)
        sides = self.encoding_.sides(dataset)
        mask = np.full((len(x), *x.shape[2:]), NOTHING, dtype=np.uint8)
        assert dataset.target is not None
        for row, (width, height) in enumerate(picture_sizes(dataset)):
            classes = self.pixel_classes(dataset.target, row)[:height, :width]
            width, height = sides[row]
            mask[row, :height, :width] = scaled_mask(classes, (int(width), int(height)))
        return Batch.from_arrays({"x": x, "mask": mask, "sides": sides})

    # The training ---------------------------------------------------------------------------------

    def training_for(self, spec: Spec) -> Training:
        """Return the model's defaults, with as many windows a step as have the usual pixels."""
        least, most = WINDOWS_A_STEP
        batch = min(max(PIXELS_A_STEP // self.patch_**2, least), most)
        return self.training_defaults.override({"batch_size": batch})

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for pictures of so many channels."""
        n_classes = len(self.pixel_names())
        if self.backbone is not None:
            return BackboneUNet(self.backbone_for(spec), n_classes, self.width, self.up)
        cell = 2 if self.patch_ >= SIDE_OF_CELLS else 1
        return _Net(spec.shape[0], n_classes, self.width, self.depth_, cell, self.up)

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises: the loss of windows, changed at random."""

        def loss(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            seen = windows(
                batch.x, batch["mask"], batch["sides"], self.patch_, self.augmentation, generator
            )
            return mask_losses(net(seen.x), seen.mask, self.loss, self._weights(seen.x))

        return [Objective(loss, learning(net))]

    def validation_loss(
        self, net: Any, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss of held-out windows, unchanged, and the Dice coefficient of classes."""
        seen = windows(batch.x, batch["mask"], batch["sides"], self.patch_, "none", generator)
        logits = net(seen.x)
        losses = mask_losses(logits, seen.mask, self.loss, self._weights(seen.x))
        said = F.one_hot(logits.argmax(dim=1), logits.shape[1]).permute(0, 3, 1, 2).float()
        dice, there = overlaps(said, seen.mask)
        return {**losses, "mean_dice": dice[there].mean()}

    def _weights(self, like: Tensor) -> Tensor | None:
        if self.class_weights_ is None:
            return None
        return torch.from_numpy(self.class_weights_).to(like.device)

    # What it does once trained --------------------------------------------------------------------

    def exported(self) -> tuple[nn.Module, tuple[str, ...]]:
        """Return what an ONNX file is made of: the network, and the name of its output."""
        return self.net_, ("logits",)

    def predict(self, X: Any) -> Target:
        """Return the class of each pixel of pictures.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Mask
            In pixels of the pictures; what pads a smaller one is of class 0.
        """
        dataset = as_pictures(X)
        codes = np.zeros((len(dataset), *dataset.values.shape[2:]), dtype=np.uint8)
        for row, p in enumerate(self._probabilities(dataset)):
            codes[row, : p.shape[1], : p.shape[2]] = p.argmax(axis=0)
        return Mask("mask", codes, tuple(self.names_))

    def predict_proba(self, X: Any) -> list[NDArray[np.float32]]:
        """Return the probability of each class at each pixel of pictures.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        list of arrays of shape (classes, height, width)
            One for each picture, in its own pixels.
        """
        return list(self._probabilities(as_pictures(X)))

    def _probabilities(self, dataset: Dataset) -> Iterator[NDArray[np.float32]]:
        sizes, sides = picture_sizes(dataset), self.encoding_.sides(dataset)
        for row in range(len(dataset)):
            width, height = sides[row]
            x = self.encoding_.encode(dataset.take([row]))[:, :, :height, :width]
            with torch.no_grad(), self.execution_.active():
                batch = self.execution_.place_batch(Batch.from_arrays({"x": x}))
                logits = tiled(
                    self.net_, as_float(batch.x),
                    tile=TILE, overlap=TILE // 4, multiple=self.net_.multiple,
                )  # fmt: skip
                p = logits.softmax(dim=1)
                if tuple(sizes[row]) != (width, height):
                    size = (int(sizes[row][1]), int(sizes[row][0]))
                    p = F.interpolate(p, size=size, mode="bilinear", align_corners=False)
            yield p[0].float().cpu().numpy()
