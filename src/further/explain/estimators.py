"""Networks inside estimators and modules: what :func:`explain_architecture` is told of them."""

from __future__ import annotations

from typing import Any

from further.errors import InputError
from further.explain.layer import Layer, Shape, dense

#: scikit-learn's names of activations, and what they are called here.
_ACTIVATIONS = {"logistic": "sigmoid"}


def read_estimator(model: Any, input_shape: Shape | None) -> dict[str, Any]:
    """Return what is known of a module, or of the network of an estimator.

    Parameters
    ----------
    model : nn.Module or estimator
        The last step of a pipeline is taken.
    input_shape : tuple of int or None
        Shape of one example, for modules.

    Returns
    -------
    dict
        Name, inputs, layers and whatever else is known.

    Raises
    ------
    InputError
        If there is no network in it.
    """
    if hasattr(model, "steps"):
        model = model.steps[-1][1]
    name = type(model).__name__
    if hasattr(model, "named_modules"):
        from further.explain.modules import read_module

        return {"name": name, **read_module(model, input_shape)}
    if hasattr(model, "coefs_") and hasattr(model, "hidden_layer_sizes"):
        return {"name": name, **_of_scikit_learn(model)}
    if hasattr(model, "net_"):
        return {"name": name, **_of_further(model)}
    if hasattr(model, "hidden_layer_sizes") or hasattr(model, "build"):
        raise InputError(
            f"{name} is not fitted, so that its sizes are not known; fit it, or give layer sizes."
        )
    raise InputError(
        f"{name} is no network: give layer sizes such as 3-5-2-1, a torch module, or an estimator "
        "with a network."
    )


def _of_scikit_learn(model: Any) -> dict[str, Any]:
    hidden = _ACTIVATIONS.get(model.activation, model.activation)
    out = _ACTIVATIONS.get(model.out_activation_, model.out_activation_)
    layers: list[Layer] = []
    for i, weights in enumerate(model.coefs_, 1):
        before, units = weights.shape
        activation = out if i == len(model.coefs_) else hidden
        layers.append(dense((before,), units, activation=activation))
    given = model.get_params()
    batch_size = given["batch_size"]
    momentum = given["solver"] == "sgd" and given["momentum"] > 0
    notes = ["scikit-learn computes in the precision of X: in float64 memory is twice as much."]
    return {
        "inputs": (model.coefs_[0].shape[0],),
        "layers": layers,
        "notes": tuple(notes),
        "batch_size": None if batch_size == "auto" else int(batch_size),
        "optimizer": "momentum" if momentum else given["solver"],
        "training": {
            "learning rate": given["learning_rate_init"],
            "epochs": given["max_iter"],
            "loss": getattr(model, "loss", "log_loss"),
            "weight decay": given["alpha"],
            "seed": given["random_state"],
        },
    }


def _of_further(model: Any) -> dict[str, Any]:
    """Read the network of one of further's estimators as its training passes through it."""
    import torch

    from further.explain.modules import read_call, read_parameters
    from further.train.batch import Batch

    spec, settings = model.spec_, model.training_settings()
    target = spec.target
    momentum = settings.optimizer == "sgd" and settings.momentum > 0
    known = {
        "training": {
            "learning rate": settings.learning_rate,
            "epochs": model.budget,
            "weight decay": settings.weight_decay,
            "seed": model.random_state,
        },
        "batch_size": settings.batch_size,
        "optimizer": "momentum" if momentum else settings.optimizer,
    }
    y = torch.zeros(2, dtype=torch.int64) if target and target.kind == "classes" else None
    if target is not None and y is None:
        return {**read_parameters(model.net_, spec.shape), **known}
    batch = model.execution_.place_batch(Batch(x=torch.zeros(2, *spec.shape), y=y))
    generator = model.execution_.generator()
    found = read_call(
        model.net_, lambda: model.forward(model.net_, batch, generator), 2, spec.shape
    )
    return {**found, **known}
