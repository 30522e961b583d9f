"""Machine learning beyond regression and classification, with the evidence attached.

Examples
--------
>>> import further
>>> digits = further.data.load("digits")
>>> len(digits)
1797
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from further.registry import MODELS

if TYPE_CHECKING:
    from further import cluster, compare, data, evaluate, generate, report, train
    from further.generate.autoencoder import Autoencoder
    from further.generate.denoising import DenoisingAutoencoder
    from further.generate.diffusion import Diffusion
    from further.generate.flow import NormalizingFlow
    from further.generate.gan import GAN
    from further.generate.vae import VAE, BetaVAE
    from further.train.load import load

__version__ = "0.1.0"

_MODULES = ("cluster", "compare", "data", "evaluate", "generate", "report", "train")
_CLASSES = {line.cls: line for line in MODELS if line.family == "network"}

__all__ = [
    "VAE", "GAN", "Autoencoder", "BetaVAE", "DenoisingAutoencoder", "Diffusion",
    "NormalizingFlow", "cluster", "compare", "data", "evaluate", "generate", "load", "report",
    "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"further.{name}")
    if name in _CLASSES:
        return _CLASSES[name].load()
    if name == "load":
        from further.train.load import load

        return load
    raise AttributeError(f"module 'further' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
