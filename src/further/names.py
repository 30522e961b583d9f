"""The table of models: text only, so that listing them imports nothing heavy.

To add a model is to add its file and one line here; commands, comparison, report and the
conformance tests enumerate this table.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import Any, Literal

from further.errors import InputError


@dataclass(frozen=True)
class ModelName:
    """A line of the table.

    Attributes
    ----------
    name : str
        What a command calls it.
    module, cls : str
        Where its class is.
    task : str
        What it is for.
    kind : {"deep", "control"}
        A control is a simple method that a deep model has to beat, or a cheat that must be caught.
    label : str
        What a report calls it.
    compared : bool
        Whether a comparison takes part in it unless it is named.
    """

    name: str
    module: str
    cls: str
    task: str
    kind: Literal["deep", "control"]
    label: str
    compared: bool = True

    def load(self) -> Any:
        """Import the module and return the class."""
        return getattr(importlib.import_module(self.module), self.cls)


MODELS: tuple[ModelName, ...] = (
    ModelName("autoencoder", "further.generate.autoencoder", "Autoencoder", "generate", "deep",
              "Autoencoder"),
    ModelName("denoising_autoencoder", "further.generate.denoising", "DenoisingAutoencoder",
              "generate", "deep", "Denoising autoencoder"),
    ModelName("vae", "further.generate.vae", "VAE", "generate", "deep",
              "Variational autoencoder"),
    ModelName("beta_vae", "further.generate.vae", "BetaVAE", "generate", "deep", "β-VAE",
              compared=False),
    ModelName("gan", "further.generate.gan", "GAN", "generate", "deep",
              "Generative adversarial network"),
    ModelName("flow", "further.generate.flow", "NormalizingFlow", "generate", "deep",
              "Normalizing flow"),
    ModelName("diffusion", "further.generate.diffusion", "Diffusion", "generate", "deep",
              "Diffusion model"),
    ModelName("gaussian_mixture", "further.generate.gaussian_mixture", "GaussianMixture",
              "generate", "control", "Gaussian mixture"),
    ModelName("copy", "further.generate.copy", "Copy", "generate", "control",
              "Copy of the training set"),
)  # fmt: skip


def find_model(name: str) -> ModelName:
    """Return the line of a model.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named.
    """
    wanted = name.lower().replace("-", "_")
    for line in MODELS:
        if wanted in (line.name, line.cls.lower()):
            return line
    known = [line.name for line in MODELS]
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known)}."
    raise InputError(f'There is no model "{name}"; {hint}')


def name_of(cls: type) -> ModelName:
    """Return the line of a class."""
    for line in MODELS:
        if (line.module, line.cls) == (cls.__module__, cls.__name__):
            return line
    raise InputError(
        f"{cls.__name__} is not in the table of models, so it cannot be kept in a run."
    )
