"""Every model of the table, small enough to be trained in a moment."""

from __future__ import annotations

from typing import Any

from further.registry import find_model, models_for

#: Hyperparameters that make a model small; a new model needs a line only if it is slow without.
SMALL: dict[str, dict[str, Any]] = {
    "autoencoder": {"latent_dim": 4, "hidden": (32,)},
    "denoising_autoencoder": {"latent_dim": 4},
    "vae": {"latent_dim": 4, "width": 32, "depth": 1},
    "beta_vae": {"latent_dim": 4, "width": 32, "depth": 1},
    "gan": {"latent_dim": 4, "width": 32, "depth": 1},
    "flow": {"transforms": 2, "width": 32},
    "diffusion": {"width": 8, "depth": 1},
    "latent_diffusion": {"latent_dim": 4, "width": 32, "depth": 1},
    "mlp_classifier": {"hidden": (32,)},
    "mlp_regressor": {"hidden": (32,)},
    "cnn_classifier": {"channels": (8,)},
    "random_forest_classifier": {"n_estimators": 20},
    "random_forest_regressor": {"n_estimators": 20},
    "gradient_boosting_classifier": {"max_iter": 50},
    "gradient_boosting_regressor": {"max_iter": 50},
}
ALL = [line.name for line in models_for("generation")]
NETWORKS = [line.name for line in models_for("generation") if line.family == "network"]


def make_small(name: str, **parameters: Any) -> Any:
    """Return a small estimator, seeded, that trains for three steps unless told otherwise."""
    line = find_model(name)
    given: dict[str, Any] = {"random_state": 0, **SMALL.get(name, {})}
    if line.family == "network":
        given |= {"budget": "3 steps", "precision": "float32", "training": {"batch_size": 32}}
    return line.load()(**{**given, **parameters})
