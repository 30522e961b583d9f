"""Backbones: the part of a network that turns a picture into features, whatever is made of them.

A backbone is a chain of stages, each of which ends where the next one halves the picture; what a
head sees are the outputs of the stages with cells of 8, 16 and 32 pixels (or of 4, for masks). It
is one of ours, the convolutions of a :class:`~further.CNNClassifier`, or any classification network
of torchvision that keeps the picture's plan; its weights are random, the official ones, or those of
a file or of a run; and its first stages may stay as they are while the rest learns.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from further.data.spec import Spec
from further.errors import InputError, unknown
from further.registry import find_model
from further.train.files import read_json

#: Side of the picture of zeros that shows where a network halves.
PROBE = 128
#: No head looks at cells larger than this.
COARSEST = 32
#: Backbones that need nothing but torch.
OURS = ("csp", "cnn")


def convolution(n_in: int, n_out: int, size: int = 3, step: int = 1) -> nn.Module:
    """Return a convolution that is normalised and activated.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    size, step : int
        Of the filters.

    Returns
    -------
    nn.Module
        It keeps the plan of the picture, up to the step.
    """
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, size, step, size // 2, bias=False),
        nn.BatchNorm2d(n_out),
        nn.SiLU(inplace=True),
    )


class CSPBlock(nn.Module):
    """Half of the channels pass through residual convolutions, half beside them (CSP).

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    depth : int
        Residual pairs of convolutions.
    """

    def __init__(self, n_in: int, n_out: int, depth: int = 1) -> None:
        super().__init__()
        half = n_out // 2
        self.enter = convolution(n_in, 2 * half, 1)
        self.inner = nn.ModuleList(
            nn.Sequential(convolution(half, half), convolution(half, half)) for _ in range(depth)
        )
        self.leave = convolution((2 + depth) * half, n_out, 1)

    def forward(self, h: Tensor) -> Tensor:
        """Transform ``h`` (n, n_in, height, width) to (n, n_out, height, width)."""
        parts = list(self.enter(h).chunk(2, dim=1))
        for inner in self.inner:
            parts.append(parts[-1] + inner(parts[-1]))
        out: Tensor = self.leave(torch.cat(parts, dim=1))
        return out


class Backbone(nn.Module):
    """Layers in a row, as stages of which each ends where the next one halves the picture.

    Use it for whatever needs features of several scales. It fails for layers that are no row, such
    as those of a vision transformer, whose cells are all of one size.

    Parameters
    ----------
    layers : sequence of nn.Module
        Each takes what the one before it returns, (n, channels, height, width).
    n_in : int
        Channels of the pictures.
    finest : int
        The smallest cells, in pixels, whose features are returned.
    enter : nn.Module, optional
        What pictures pass first, which always learns; default: each channel is normalised.

    Attributes
    ----------
    strides, channels : tuple of int
        Pixels of a cell, and channels, of each of the features that are returned.
    """

    def __init__(
        self,
        layers: Sequence[nn.Module],
        n_in: int,
        *,
        finest: int = 8,
        enter: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.enter = nn.BatchNorm2d(n_in, affine=False) if enter is None else enter
        with torch.no_grad():
            found = list(_stages(layers, self.enter.eval()(torch.zeros(1, n_in, PROBE, PROBE))))
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage, _, _ in found)
        self._used = [i for i, (_, s, _) in enumerate(found) if finest <= s <= COARSEST]
        self.strides = tuple(found[i][1] for i in self._used)
        self.channels = tuple(found[i][2] for i in self._used)
        self.frozen = 0
        self.train()

    def freeze(self, n_stages: int) -> None:
        """Leave the weights and statistics of so many stages, from the first on, as they are."""
        self.frozen = n_stages
        for stage in self.stages[:n_stages]:
            stage.requires_grad_(False)
        self.train()

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map pictures to features, from fine to coarse."""
        h = self.enter(x)
        features = []
        for stage in self.stages:
            h = stage(h)
            features.append(h)
        return [features[i] for i in self._used]

    def train(self, mode: bool = True) -> Backbone:
        """Change the mode of all that learns; statistics of what is frozen stay as they are."""
        super().train(mode)
        for stage in self.stages[: self.frozen]:
            stage.eval()
        return self


def _stages(layers: Sequence[nn.Module], h: Tensor) -> Iterator[tuple[list[nn.Module], int, int]]:
    """Yield the layers of each stage, the pixels of its cells and its channels."""
    stage: list[nn.Module] = []
    for layer in layers:
        try:
            after = layer.eval()(h)
        except (RuntimeError, AssertionError, NotImplementedError, TypeError):
            break  # from here on it is no row of convolutions
        if not isinstance(after, Tensor) or after.ndim != 4:
            break
        if _stride(after) > _stride(h) > 1:
            yield stage, _stride(h), h.shape[1]
            stage = []
        stage.append(layer)
        h = after
    yield stage, _stride(h), h.shape[1]


def _stride(h: Tensor) -> int:
    """Return the power of two next to the pixels of a cell: without padding they are no integer."""
    return int(2 ** round(float(torch.log2(torch.tensor(PROBE / h.shape[2])))))


def torchvision(wanted: str) -> ModuleType:
    """Import torchvision.

    Parameters
    ----------
    wanted : str
        Who needs it.

    Returns
    -------
    module
        torchvision.

    Raises
    ------
    InputError
        If it is not there, or is not made for the torch that is.
    """
    try:
        return importlib.import_module("torchvision")
    except (ImportError, RuntimeError) as error:  # the second where its operators do not load
        why = "is not installed" if isinstance(error, ImportError) else f"does not load ({error})"
        raise InputError(
            f"{wanted} needs the package torchvision, which {why}; install it with the torch that "
            'it is made for: pip install "further-ml[vision]".'
        ) from error


def describe(name: str, channels: Sequence[int], weights: str | None) -> dict[str, Any]:
    """Return all that is needed to build a backbone again, without its weights.

    Parameters
    ----------
    name : str
        "csp", "cnn" or a network of torchvision.
    channels : sequence of int
        Filters after each halving, of one of ours.
    weights : str or None
        A run of a CNNClassifier says how "cnn" is made.

    Returns
    -------
    dict
        Plain JSON.

    Raises
    ------
    InputError
        If there is no such network.
    """
    if name == "csp":
        return {"name": name, "channels": [int(c) for c in channels]}
    if name == "cnn":
        made = {"channels": [int(c) for c in channels], "activation": "gelu"}
        file = Path(weights or "").expanduser() / "model.json"
        record = read_json(file) if weights and file.is_file() else {}
        if record.get("model") == "cnn_classifier":
            made = {key: record["parameters"][key] for key in made}
            made["channels"] = list(made["channels"])
        return {"name": name, **made}
    if not weights_of(name):
        known = [*OURS, *torchvision_names()]
        raise InputError(unknown("backbone", name, known))
    return {"name": name}


def torchvision_names() -> list[str]:
    """Return the classification networks of torchvision."""
    models = torchvision("backbone").models
    names: list[str] = models.list_models(module=models)
    return names


def weights_of(name: str) -> Any:
    """Return the official weights of a network of torchvision, not fetched; None if it has none."""
    models = torchvision(f'backbone="{name}"').models
    return models.get_model_weights(name) if name in models.list_models(module=models) else None


def make(
    described: Mapping[str, Any], n_in: int, *, finest: int = 8, trainable: str | int = "all"
) -> Backbone:
    """Return a backbone with random weights.

    Parameters
    ----------
    described : mapping
        From :func:`describe`.
    n_in : int
        Channels of the pictures.
    finest : int
        The smallest cells, in pixels, whose features are returned.
    trainable : {"all", "head"} or int
        What learns: all, what stands on the backbone, or so many stages besides, from the last.

    Returns
    -------
    Backbone
        With features of two scales at least.

    Raises
    ------
    InputError
        If the network has no features of several scales.
    """
    name = described["name"]
    layers, enter = _layers(described, n_in)
    backbone = Backbone(layers, n_in, finest=finest, enter=enter)
    n_stages = len(backbone.stages)
    backbone.freeze(
        {"all": 0, "head": n_stages}[trainable]
        if isinstance(trainable, str)
        else max(0, n_stages - trainable)
    )
    if len(backbone.strides) < 2:
        cells = ", ".join(map(str, backbone.strides)) or "none"
        raise InputError(
            f'backbone="{name}" has features of too few scales (cells of {finest} to {COARSEST} '
            f"pixels: {cells}); take a convolutional network such as resnet18, or more channels."
        )
    return backbone


def _layers(described: Mapping[str, Any], n_in: int) -> tuple[list[nn.Module], nn.Module | None]:
    """Return the layers of a network, and what pictures pass before them where it is its own."""
    name = described["name"]
    if name == "csp":
        return _csp(n_in, described["channels"]), None
    if name == "cnn":  # it normalises pictures itself
        cls = find_model("cnn_classifier").load()
        model = cls(channels=described["channels"], activation=described["activation"])
        return list(model.network(Spec((n_in, PROBE, PROBE), 256), 1).stages), nn.Identity()
    net = torchvision(f'backbone="{name}"').models.get_model(name, weights=None)
    if n_in == 3:
        return layers_of(net), None
    mixed = nn.Conv2d(n_in, 3, 1, bias=False)  # grey pictures, or those of more channels
    nn.init.constant_(mixed.weight, 1 / n_in)
    return layers_of(net), nn.Sequential(nn.BatchNorm2d(n_in, affine=False), mixed)


def _csp(n_in: int, channels: Sequence[int]) -> list[nn.Module]:
    """Return a halving convolution, then halvings with a block after each."""
    layers = [convolution(n_in, channels[0], step=2)]
    for a, b in itertools.pairwise(channels):
        layers.append(nn.Sequential(convolution(a, b, step=2), CSPBlock(b, b)))
    return layers


def layers_of(net: nn.Module) -> list[nn.Module]:
    """Return the layers of a classification network in the order in which pictures pass them.

    Parameters
    ----------
    net : nn.Module
        Of torchvision.

    Returns
    -------
    list of nn.Module
        Up to where the plan of the picture ends; empty for a transformer.
    """
    children = getattr(net, "features", net).named_children()
    layers: list[nn.Module] = []
    for name, child in children:
        if isinstance(child, nn.AdaptiveAvgPool2d | nn.Linear):
            break
        if not name.lower().startswith("aux"):  # classifiers at the side
            layers += _flat(child)
    if any(type(layer).__name__ == "Permute" for layer in layers):
        return []  # a transformer whose channels come last
    return layers


def _flat(module: nn.Module) -> list[nn.Module]:
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        return [layer for child in module for layer in _flat(child)]
    return [module]
