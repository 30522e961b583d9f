"""The weights that a backbone starts with: official ones, those of a file, or those of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from further.errors import InputError
from further.train.load import load
from further.vision.backbone import OURS, Backbone, layers_of, torchvision, weights_of


def initialise(backbone: Backbone, described: Mapping[str, Any], weights: str | None) -> None:
    """Give a backbone the weights that were trained elsewhere.

    Parameters
    ----------
    backbone : Backbone
        From :func:`make`.
    described : mapping
        What it was made of.
    weights : str or None
        None leaves it random; "imagenet" takes torchvision's official weights; a path is a file
        (safetensors, or what ``torch.save`` wrote, read without running code) with the weights of
        the network, or a run whose backbone is alike.

    Raises
    ------
    InputError
        If there are no such weights, they cannot be fetched or read, or do not fit.
    """
    if weights is None:
        return
    name, path = described["name"], Path(weights).expanduser()
    if weights != "imagenet" and (path / "model.json").is_file():
        state = _of_run(path)
    elif name in OURS:
        if weights == "imagenet":
            raise InputError(
                f'weights="imagenet": there are none for backbone="{name}"; take a network of '
                "torchvision such as resnet18, or a run or file with weights."
            )
        state = _read(path)
    else:
        given = _official(name) if weights == "imagenet" else _read(path)
        state = _of_network(name, given)
    _take_on(backbone, state, weights)


def _official(name: str) -> Mapping[str, Tensor]:
    """Fetch the official weights of a network, or say how to do without the network."""
    official = weights_of(name).DEFAULT
    try:
        state: Mapping[str, Tensor] = official.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f'weights="imagenet": the official weights of {name} cannot be fetched from '
            f"{official.url} ({error}); fetch that file elsewhere and give its path as weights."
        ) from error
    return state


def _read(path: Path) -> Mapping[str, Tensor]:
    """Return the weights in a file, without running code."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(
            f'weights="{path}": there is no such file or run; give one, "imagenet" or None.'
        ) from error
    except Exception as error:  # whatever a damaged file, or one that holds code, raises
        raise InputError(
            f'weights="{path}" cannot be read as weights ({type(error).__name__}); give a file '
            "that safetensors or torch.save wrote, with tensors by name and nothing else."
        ) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else {}
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f'weights="{path}" holds no tensors by name; give a state_dict.')
    return state


def _of_network(name: str, given: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return what a backbone takes from the weights of a classification network."""
    net = torchvision(f'backbone="{name}"').models.get_model(name, weights=None)
    # The last layer may be for other classes; what no weights are given for is left out.
    own = net.state_dict()
    fitting = {k: v for k, v in given.items() if k in own and v.shape == own[k].shape}
    net.load_state_dict(fitting, strict=False)
    there = {id(value) for key, value in net.state_dict(keep_vars=True).items() if key in fitting}
    state = Backbone(layers_of(net), 3).state_dict(keep_vars=True)
    return {key: value.detach() for key, value in state.items() if id(value) in there}


def _of_run(path: Path) -> Mapping[str, Tensor]:
    """Return what a backbone takes from a run of a CNNClassifier, or of a model on a backbone."""
    net: Any = getattr(load(path), "net_", None)
    if hasattr(net, "backbone"):
        state: Mapping[str, Tensor] = net.backbone.state_dict()
        return state
    if not hasattr(net, "stages"):
        raise InputError(
            f'weights="{path}" is a run without a backbone; give one of a CNNClassifier, a '
            "detector or a U-Net on a backbone."
        )
    channels = net.stages[0].num_features
    return Backbone(list(net.stages), channels, enter=nn.Identity()).state_dict()


def _take_on(backbone: Backbone, state: Mapping[str, Tensor], weights: str) -> None:
    own = backbone.state_dict()
    stages = [key for key in own if key.startswith("stages.")]
    wrong = [key for key in stages if key not in state or state[key].shape != own[key].shape]
    if wrong:
        raise InputError(
            f'weights="{weights}" do not fit the backbone: {wrong[0]} is missing or of another '
            "shape; give weights of the same network, for pictures of as many channels."
        )
    backbone.load_state_dict(own | {key: state[key] for key in stages})
