"""A network in one line: ``3-5-2-1``, or ``1x28x28 conv8k3 pool2 flatten 10``.

The first word is the shape of one example: ``784``, or channels and sizes, ``1x28x28``. Each word
after it is a layer; blanks, commas or dashes are between them:

===================  ==============================================================================
``10``               dense, with 10 units
``conv8k3s2p1g4``    convolution of 8 channels: kernel 3, or 3x5; stride 1, padding 0 and 1 group
                     unless ``s``, ``p`` and ``g`` say otherwise
``pool2s1p0``        the largest of each window of 2, or 2x3; stride as the window unless ``s`` says
                     otherwise
``avgpool2``         their mean, likewise
``gap``              the mean of each whole channel
``flatten``          all numbers in one row, which a dense layer needs
``norm``             batch normalisation: a scale and a shift a channel
``layernorm``        a scale and a shift a number
``dropout``          nothing that is learnt
``relu``             the activation of the layer before; or tanh, sigmoid, softmax, gelu, silu,
                     leaky_relu, elu, softplus, identity
===================  ==============================================================================
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from math import prod

from further.errors import InputError, unknown
from further.explain.layer import Layer, Shape, convolution, dense, shape_text

ACTIVATIONS = (
    "relu", "tanh", "sigmoid", "softmax", "gelu", "silu", "leaky_relu", "elu", "softplus",
    "identity",
)  # fmt: skip
#: Words with a meaning of their own.
WORDS = ("conv", "pool", "avgpool", "gap", "flatten", "norm", "layernorm", "dropout", *ACTIVATIONS)
#: No size is larger: it is a typing mistake, and sums stay readable.
LARGEST = 10**9

_NUMBER = "[0-9]{1,10}"
_SIZE = rf"{_NUMBER}(?:x{_NUMBER})*"
_CONVOLUTION = re.compile(
    rf"conv(?P<channels>{_NUMBER})k(?P<k>{_SIZE})(?:s(?P<s>{_SIZE}))?(?:p(?P<p>{_SIZE}))?(?:g(?P<g>{_NUMBER}))?"
)
_POOLING = re.compile(rf"(?:avg)?pool(?P<k>{_SIZE})(?:s(?P<s>{_SIZE}))?(?:p(?P<p>{_SIZE}))?")


def parse(text: str) -> tuple[Shape, list[Layer]]:
    """Return the shape of one example and the layers.

    Parameters
    ----------
    text : str
        A network in the notation of this module.

    Returns
    -------
    inputs : tuple of int
        Shape of one example.
    layers : list of Layer
        In turn.

    Raises
    ------
    InputError
        If a word is not known, or does not fit what is before it; the word is named.

    Examples
    --------
    >>> inputs, layers = parse("1x28x28 conv8k3 relu pool2 flatten 10")
    >>> [layer.outputs for layer in layers]
    [(8, 26, 26), (8, 13, 13), (1352,), (10,)]
    """
    words = re.split(r"\s*[-,→]\s*|\s+", text.strip().lower())
    if len(words) < 2 or not all(words):
        raise InputError(
            f'"{text}" is no network: give the size of the input and of each layer, as in 3-5-2-1 '
            'or "1x28x28 conv8k3 pool2 flatten 10".'
        )
    if not re.fullmatch(_SIZE, words[0]):
        raise InputError(
            f'"{words[0]}" in "{text}" must be the shape of one example; begin with such as 784 or '
            "1x28x28."
        )
    inputs = _sizes(words[0])
    layers: list[Layer] = []
    for number, word in enumerate(words[1:], 1):
        shape = layers[-1].outputs if layers else inputs
        try:
            _add(layers, word, shape)
        except InputError as error:
            raise InputError(f'"{word}", layer {number} of "{text}": {error}') from None
    return inputs, layers


def _add(layers: list[Layer], word: str, shape: Shape) -> None:
    if word in ACTIVATIONS:
        if layers and layers[-1].activation is None and layers[-1].kind not in ("flatten",):
            layers[-1] = dataclasses.replace(layers[-1], activation=word)
        else:
            layers.append(Layer("activation", shape, shape, activation=word, label=word))
    else:
        layers.append(_layer(word, shape))


def _layer(word: str, shape: Shape) -> Layer:
    plain: dict[str, Callable[[Shape], Layer]] = {
        "flatten": lambda s: Layer("flatten", s, (prod(s),), label="flatten"),
        "norm": lambda s: Layer("normalisation", s, s, s[0], s[0], label="batch normalisation"),
        "layernorm": lambda s: Layer(
            "normalisation", s, s, prod(s), prod(s), label="layer normalisation"
        ),
        "dropout": lambda s: Layer("dropout", s, s, label="dropout"),
        "gap": _global_mean,
    }
    if word in plain:
        return plain[word](shape)
    if re.fullmatch(_NUMBER, word):
        return _dense(_sizes(word)[0], shape)
    found = _CONVOLUTION.fullmatch(word)
    if found:
        return _convolution(found, shape)
    found = _POOLING.fullmatch(word)
    if found:
        return _pooling(found, word, shape)
    raise InputError(_advice(word))


def _advice(word: str) -> str:
    if word.startswith("conv"):
        return "a convolution has channels and a kernel, as in conv8k3 or conv16k3s2p1."
    if "pool" in word:
        return "a pooling has a window, as in pool2 or avgpool3s2."
    return unknown("layer", word, WORDS) + (
        "" if word.isalpha() else ' Units are whole numbers, as in "3-5-2-1".'
    )


def _dense(units: int, shape: Shape) -> Layer:
    if len(shape) > 1:
        raise InputError(
            f"a dense layer takes one row of numbers, not {shape_text(shape)}; put flatten or gap "
            "before it."
        )
    return dense(shape, units)


def _global_mean(shape: Shape) -> Layer:
    if len(shape) < 2:
        raise InputError(f"gap takes channels and sizes, not {shape_text(shape)}; leave it out.")
    return Layer("pooling", shape, shape[:1], label="mean of each channel")


def _convolution(found: re.Match[str], shape: Shape) -> Layer:
    channels, groups = _sizes(found["channels"])[0], int(found["g"] or 1)
    kernel, outputs = _windows(found, shape, stride="1")
    for what, number in (("channels", channels), ("channels before it", shape[0])):
        if groups < 1 or number % groups:
            raise InputError(f"g{groups} must divide the {number} {what}; take another number.")
    details = "".join(
        f", {name} {found[key]}"
        for key, name in (("s", "stride"), ("p", "padding"), ("g", "groups"))
        if found[key]
    )
    label = f"convolution {shape_text(kernel)}{details}"
    return convolution(shape, (channels, *outputs), kernel, groups=groups, label=label)


def _pooling(found: re.Match[str], word: str, shape: Shape) -> Layer:
    kernel, outputs = _windows(found, shape, stride=found["k"])
    what = "mean" if word.startswith("avg") else "largest"
    return Layer("pooling", shape, (shape[0], *outputs), label=f"{what} of {shape_text(kernel)}")


def _windows(found: re.Match[str], shape: Shape, stride: str) -> tuple[Shape, Shape]:
    """Return the size of the window, and how many there are along each side."""
    n = len(shape) - 1
    if n < 1:
        raise InputError(
            f"it takes channels and sizes, not {shape_text(shape)}; begin with such as 1x28x28."
        )
    kernel, steps, padding = (
        _along(text, n) for text in (found["k"], found["s"] or stride, found["p"] or "0")
    )
    if 0 in kernel or 0 in steps:
        raise InputError("a window and its stride are at least 1; take larger ones.")
    outputs = tuple(
        (size + 2 * p - k) // s + 1
        for size, k, s, p in zip(shape[1:], kernel, steps, padding, strict=True)
    )
    if min(outputs) < 1:
        raise InputError(
            f"a window of {shape_text(kernel)} is larger than {shape_text(shape[1:])}; take a "
            "smaller one, or more padding."
        )
    return kernel, outputs


def _along(text: str, n: int) -> Shape:
    sizes = tuple(map(int, text.split("x")))
    if len(sizes) not in (1, n):
        raise InputError(f"{text} has {len(sizes)} sizes, but there are {n}; give one or {n}.")
    return sizes * n if len(sizes) == 1 else sizes


def _sizes(text: str) -> Shape:
    sizes = tuple(map(int, text.split("x")))
    if min(sizes) < 1 or max(sizes) > LARGEST:
        raise InputError(f"{text} has a size out of range; sizes are from 1 to {LARGEST:,}.")
    return sizes
