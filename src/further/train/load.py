"""``further.load``: the fitted estimator of a run."""

from __future__ import annotations

from pathlib import Path

from further.errors import RunError
from further.registry import find_model
from further.train.estimator import Estimator
from further.train.files import read_json
from further.train.parameters import parameters_from_json
from further.train.run import Run, unfinished
from further.train.scikit_learn_file import NAME, estimators_from_bytes


def load(run: str | Path, model: str | None = None, *, device: str = "cpu") -> Estimator:
    """Return the fitted estimator of a run.

    Parameters
    ----------
    run : path
        The folder of a run.
    model : str, optional
        Which model of a comparison; needed there.
    device : {"auto", "cpu", "cuda", "mps"}, default="cpu"
        Where a network is to be, wherever it was trained; "auto" takes a GPU where there is one.

    Returns
    -------
    estimator
        Fitted.

    Raises
    ------
    RunError
        If the run is no run, holds no model, has not finished or is damaged, or is a comparison
        and ``model`` is not one of it.
    InputError
        If this machine has no such device.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as load_arrays

    folder = Path(run)
    if not (folder / "run.json").is_file() and not (folder / "model.json").is_file():
        raise RunError(f'"{run}" is not a run: it has no run.json.')
    if (folder / "models").is_dir():
        models = {
            path.relative_to(folder / "models").parts[0]: path.parent
            # The first training last, so that it is the one that is taken where it succeeded.
            for path in sorted(folder.glob("models/**/model.json"), reverse=True)
        }
        names = sorted(models)
        wanted = None if model is None else find_model(model).name
        if wanted not in names:
            asked = "say which model" if model is None else f'there is no "{model}"'
            raise RunError(f'"{run}" is a comparison: {asked}; it has {", ".join(names)}.')
        folder = models[str(wanted)]
    if not (folder / "model.json").is_file():
        if "synthetic" in Run(folder).record:
            raise RunError(f'"{folder}" holds no model: its rows were made elsewhere.')
        raise unfinished(folder)
    record = read_json(folder / "model.json")
    try:
        cls, parameters = find_model(record["model"]).load(), record["parameters"]
        arrays = load_arrays((folder / "model.safetensors").read_bytes())
    except (KeyError, OSError, SafetensorError) as error:
        raise RunError(
            f'The model in "{folder}" is damaged ({type(error).__name__}: {error}); train it again.'
        ) from error
    estimator: Estimator = cls(**parameters_from_json(parameters))
    archive = folder / NAME
    fitted = {}
    if archive.is_file():
        fitted = estimators_from_bytes(archive.read_bytes(), str(archive))
    estimator.restore(record, arrays, fitted)
    # What is no network is computed on the processor.
    if device != "cpu" and hasattr(estimator, "to"):
        estimator.to(device)
    return estimator
