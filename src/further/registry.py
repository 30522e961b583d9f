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
    kind : {"deep", "control", "classical"}
        A control is a simple method that a deep model has to beat, or a cheat that must be caught;
        what is classical has no network.
    label : str
        What a report calls it.
    compared : bool
        Whether a comparison takes part in it unless it is named.
    """

    name: str
    module: str
    cls: str
    task: str
    kind: Literal["deep", "control", "classical"]
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
    ModelName("kmeans", "further.cluster.kmeans", "KMeans", "cluster", "classical", "k-means"),
    ModelName("minibatch_kmeans", "further.cluster.minibatch_kmeans", "MiniBatchKMeans", "cluster",
              "classical", "Mini-batch k-means", compared=False),
    ModelName("spherical_kmeans", "further.cluster.spherical_kmeans", "SphericalKMeans", "cluster",
              "classical", "Spherical k-means", compared=False),
    ModelName("great_circle_kmeans", "further.cluster.great_circle_kmeans", "GreatCircleKMeans",
              "cluster", "classical", "k-means on the sphere", compared=False),
    ModelName("kmedians", "further.cluster.kmedians", "KMedians", "cluster", "classical",
              "k-medians", compared=False),
    ModelName("kmedoids", "further.cluster.kmedoids", "KMedoids", "cluster", "classical",
              "k-medoids", compared=False),
    ModelName("kmodes", "further.cluster.kmodes", "KModes", "cluster", "classical", "k-modes"),
    ModelName("kprototypes", "further.cluster.kprototypes", "KPrototypes", "cluster", "classical",
              "k-prototypes"),
    ModelName("mixture", "further.cluster.mixture", "GaussianMixture", "cluster", "classical",
              "Gaussian mixture"),
    ModelName("agglomerative", "further.cluster.agglomerative", "AgglomerativeClustering",
              "cluster", "classical", "Agglomerative clustering"),
    ModelName("hdbscan", "further.cluster.hdbscan", "HDBSCAN", "cluster", "classical", "HDBSCAN"),
    ModelName("dbscan", "further.cluster.dbscan", "DBSCAN", "cluster", "classical", "DBSCAN",
              compared=False),
    ModelName("optics", "further.cluster.optics", "OPTICS", "cluster", "classical", "OPTICS",
              compared=False),
    ModelName("mean_shift", "further.cluster.mean_shift", "MeanShift", "cluster", "classical",
              "Mean shift", compared=False),
    ModelName("isolation_forest", "further.cluster.isolation_forest", "IsolationForest", "anomaly",
              "classical", "Isolation forest", compared=False),
    ModelName("local_outlier_factor", "further.cluster.local_outlier_factor",
              "LocalOutlierFactor", "anomaly", "classical", "Local outlier factor",
              compared=False),
)  # fmt: skip


def models_for(task: str) -> tuple[ModelName, ...]:
    """Return the lines of one task, such as "generate" or "cluster"."""
    return tuple(line for line in MODELS if line.task == task)


def find_model(name: str, task: str | None = None) -> ModelName:
    """Return the line of a model, of one task only where that is given.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named.
    """
    wanted = name.lower().replace("-", "_")
    lines = MODELS if task is None else models_for(task)
    for line in lines:
        if wanted in (line.name, line.cls.lower()):
            return line
    known = [line.name for line in lines]
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
