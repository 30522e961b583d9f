"""Networks that find something in pictures as ONNX files, for programs without torch."""

from __future__ import annotations

import contextlib
import copy
import importlib
import io
import json
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from further.errors import InputError
from further.train.execution import REPRODUCIBLE
from further.vision.network import VisionNetwork

#: The largest difference between torch and ONNX Runtime, of the largest number that comes out.
TOLERANCE = 1e-3
#: Pictures on which they are compared.
COMPARED = 2
OPSET = 18


def export_onnx(estimator: VisionNetwork, path: str | Path) -> float:
    """Write a fitted network as an ONNX file, once ONNX Runtime gives what torch gives.

    Use it to run a network where there is no Python. What it takes are pictures as the network
    sees them: scaled and padded, from 0 to 1, and where the file's metadata have a ``least_range``
    each stretched to the whole range, (n, channels, height, width); what it returns are
    those of :meth:`~further.vision.network.VisionNetwork.exported`, before boxes are suppressed.
    Classes and scaling stand in the file's metadata. It fails for what torch cannot export.

    Parameters
    ----------
    estimator : VisionNetwork
        Fitted.
    path : path
        The file.

    Returns
    -------
    float
        The largest difference between ONNX Runtime and torch, in pixels or scores.

    Raises
    ------
    InputError
        If a package is missing, torch cannot export the network, or the results differ: no file is
        left then.
    """
    check_is_fitted(estimator)
    packages = {name: _package(name) for name in ("onnx", "onnxruntime", "onnxscript")}
    net, outputs = estimator.exported()
    net = REPRODUCIBLE.place(copy.deepcopy(net)).eval()
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(COMPARED, *estimator.spec_.shape, generator=generator)
    path = Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(suffix=".onnx", dir=path.parent)
    os.close(handle)
    try:
        _export(net, pictures, outputs, draft, type(estimator).__name__)
        _describe(packages["onnx"], draft, estimator)
        difference = _difference(packages["onnxruntime"], draft, net, pictures)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
    return difference


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"An ONNX file needs the package {name}, which is not installed; install it with: "
            'pip install "further-ml[onnx]".'
        ) from error


def _export(
    net: nn.Module, pictures: torch.Tensor, outputs: tuple[str, ...], draft: str, name: str
) -> None:
    try:
        with _quietly(), torch.no_grad():
            torch.onnx.export(
                net, (pictures,), draft, input_names=["pictures"], output_names=list(outputs),
                dynamic_shapes={"x": {0: torch.export.Dim("n")}}, opset_version=OPSET,
                dynamo=True, external_data=False, verbose=False,
            )  # fmt: skip
    except Exception as error:  # whatever the exporter meets in a network
        raise InputError(
            f"torch cannot write {name} as ONNX ({type(error).__name__}); "
            "YOLO and UNet can be written."
        ) from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the exporter says to itself."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def _describe(onnx: Any, draft: str, estimator: VisionNetwork) -> None:
    model = onnx.load(draft)
    facts = {
        "model": type(estimator).__name__,
        "classes": json.dumps(list(estimator.names_)),
        "pictures": json.dumps(estimator.encoding_.to_json()),
    }
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, draft)


def _difference(runtime: Any, draft: str, net: nn.Module, pictures: torch.Tensor) -> float:
    session = runtime.InferenceSession(draft, providers=["CPUExecutionProvider"])
    largest = 0.0
    # Once more with one picture: the number of them is free.
    for some in (pictures, pictures[:1]):
        with torch.no_grad():
            theirs = session.run(None, {"pictures": some.numpy()})
            made = net(some)
            made = made if isinstance(made, tuple) else (made,)
        for tensor, array in zip(made, theirs, strict=True):
            ours = tensor.numpy()
            if ours.shape != array.shape:
                raise InputError(
                    f"ONNX Runtime returns {array.shape} numbers where torch returns {ours.shape};"
                    " no file is left."
                )
            difference = float(np.abs(ours - array).max(initial=0))
            if difference > TOLERANCE * max(1.0, float(np.abs(ours).max(initial=0))):
                raise InputError(
                    f"ONNX Runtime and torch differ by {difference:.3g}; no file is left."
                )
            largest = max(largest, difference)
    return largest
