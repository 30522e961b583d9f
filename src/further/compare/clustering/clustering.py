"""What structure is in this table? One clustering with its evidence, beside its alternatives.

The way of one run: every column is judged and prepared
(:class:`~further.data.preparation.table_preparation.TablePreparation`); the number of clusters is
chosen, or the one asked for is judged (:func:`~further.cluster.number.choosing.choose_k`); the
method is fitted to all rows, and others beside it on the same rows; then what the clusters are and
how far they can be trusted is put together. What takes long is kept under ``parts/`` as it is
found, so that a run that was interrupted does not do it again.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from further.cluster.kmeans import KMeans
from further.cluster.number.choosing import choose_k
from further.cluster.number.initialisations import init_sensitivity
from further.compare.clustering.alternatives import compare_methods
from further.compare.clustering.assignments import predict as predict
from further.compare.clustering.assignments import write_assignments
from further.compare.clustering.batches import (
    fit_all_rows,
    is_larger_than_memory,
    sample_table,
)
from further.compare.clustering.evidence import Evidence
from further.compare.clustering.headline import headline
from further.compare.clustering.method import Method, choose_method
from further.compare.clustering.prepared_table import TASK, PreparedTable, prepare_table
from further.compare.result import Result
from further.compare.source import (
    EventHandler,
    default_folder,
    describe_data,
    read_data,
    refuse_changed,
)
from further.compare.task import TaskRun
from further.data.batches import Batches
from further.data.dataset import Dataset, as_dataset
from further.data.loading import load
from further.errors import InputError, RunError
from further.evaluate.clustering.record import ClusteringEvaluation, Spent
from further.evaluate.typed_json import to_json, typed
from further.train.energy import Energy, EnergyMeter
from further.train.estimator import Estimator
from further.train.files import read_json, write_json, write_text
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.power.grid import grid_intensity
from further.train.processes import is_first
from further.train.run import Run, machine, versions


class Clustering(Result[Estimator]):
    """The result of a clustering run."""

    @property
    def sentence(self) -> str:
        """The answer."""
        sentence: str = self.evaluation["sentence"]
        return sentence

    def to_frame(self) -> pd.DataFrame:
        """Return every row of the source with its cluster: ``assignments.csv``."""
        return pd.read_csv(self.path / "assignments.csv")


def cluster_table(
    data: Any,
    *,
    k: int | None = None,
    method: str | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    distance: str | None = None,
    columns: Sequence[str] | None = None,
    scale: str = "auto",
    target: str | None = None,
    k_max: int = 10,
    seed: int = 0,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> Clustering:
    """Cluster the rows of a table and say how far the clusters can be trusted.

    Use it for a table of numbers, categories or both, or for coordinates. It fails where clusters
    are of no shape that the chosen method knows; the alternatives and their agreement show that.

    Parameters
    ----------
    data : str, Path, Dataset, DataFrame or array
        A name such as "iris", a CSV or Parquet file, or the data themselves; pictures become one
        column a pixel.
    k : int, optional
        Number of clusters; chosen by the data where it is not given.
    method : str, optional
        A name from the table of models of the task "clustering"; default: k-means for numbers,
        k-prototypes for numbers and categories, k-modes for categories.
    hyperparameters : mapping, optional
        Of the method that is named, such as ``{"min_cluster_size": 10}`` for "hdbscan".
    distance : str, optional
        A name from :data:`further.cluster.dissimilarity.distances.METRICS`.
    columns : sequence of str, optional
        Those to cluster by; default: all that can be used.
    scale : {"auto", "standard", "robust", "none"}, default="auto"
        How columns of numbers are made comparable.
    target : str, optional
        A label column, which is left out and compared with the clusters; "none" for none. By
        default one with a customary name (class, species, ...) is taken, and said.
    k_max : int, default=10
        The most clusters that are tried.
    seed : int, default=0
        Of initialisations, samples and reference data.
    out : path, optional
        Folder of the run; default: a new folder under ``runs``.
    on_event : callable, optional
        Called with every progress message, a dict.
    command : str, optional
        The command line to record.
    **loading
        Further options of :func:`further.data.load`.

    Returns
    -------
    Clustering
        With the path of the run and the evaluation.

    Raises
    ------
    InputError
        If the data cannot be used, or the method or distance do not go with them.

    Examples
    --------
    >>> import further
    >>> clustering = further.compare.cluster_table("iris")  # doctest: +SKIP
    >>> clustering.sentence  # doctest: +SKIP
    """
    dataset, batches = _read(data, seed, loading)
    parameters = {
        "k": k,
        "method": method,
        "hyperparameters": parameters_to_json(hyperparameters or {}),
        "distance": distance,
        "columns": None if columns is None else list(columns),
        "scale": scale,
        "target": target,
        "k_max": k_max,
    }
    table, chosen = _prepare(dataset, parameters, batches)
    folder = Path(out or default_folder("cluster", dataset.name))
    is_new = not folder.exists()
    run = Run.create(
        folder,
        command=command or "further.compare.cluster_table",
        task=TASK,
        model=chosen.line.name,
        parameters=parameters,
        seed=seed,
        data=describe_data(dataset),
    )
    if dataset.source == "array":
        dataset.save(run.path / "data")
    try:
        return ClusteringRun(run, on_event)._carry_out(dataset, table, chosen, batches)
    except InputError:
        # A method may refuse rows only when it meets them: there is nothing to resume then.
        if is_new and is_first():
            shutil.rmtree(run.path, ignore_errors=True)
        raise


def train(
    model: str, data: Any, *, parameters: Mapping[str, Any] | None = None, **options: Any
) -> Clustering:
    """Cluster by one method; its alternatives stand beside it.

    Parameters
    ----------
    model : str
        Name of the method.
    data : str, Path, Dataset, DataFrame or array
        A file, or the rows themselves.
    parameters : mapping, optional
        Hyperparameters of the method.
    **options
        Those of :func:`further.compare.cluster_table`.

    Returns
    -------
    Clustering
        With the path of the run and the evaluation.
    """
    return cluster_table(data, method=model, hyperparameters=parameters, **options)


def _read(data: Any, seed: int, loading: dict[str, Any]) -> tuple[Dataset, Batches | None]:
    """Return the data, and all their rows in batches where they do not fit into memory."""
    if is_larger_than_memory(data):
        return sample_table(data, seed)
    if isinstance(data, str | Path | pd.DataFrame):
        return load(data, tidy=False, **loading), None
    return as_dataset(data), None


def _prepare(
    dataset: Dataset, asked: dict[str, Any], batches: Batches | None
) -> tuple[PreparedTable, Method]:
    """Decide about columns, distance and method; all that can be refused is refused here."""
    table = prepare_table(dataset, asked)
    given = parameters_from_json(asked["hyperparameters"])
    chosen = choose_method(table.kind, asked["method"], asked["distance"], given)
    if batches is not None and not issubclass(chosen.line.load(), KMeans):
        raise InputError(
            f'The method "{chosen.line.name}" needs all {batches.count():,} rows in memory, where '
            "they do not fit; use kmeans with the euclidean distance, or give a part of the rows."
        )
    k, n = asked["k"], len(table.judged.X)
    if k is not None and not 1 <= k <= n:
        raise InputError(f"k={k} must be a number from 1 to the number of rows, {n}.")
    if k is not None and not chosen.has_k:
        raise InputError(f'The method "{chosen.line.name}" finds the number itself; leave out k.')
    if asked["k_max"] < 2:
        raise InputError(f"k_max={asked['k_max']} must be at least 2.")
    return table, chosen


class ClusteringRun(TaskRun):
    """The run of a clustering."""

    def resume(self, jobs: int | None = None) -> Clustering:
        """Do what is missing; a clustering is one process."""
        run = self.run
        if run.status == "finished" and (run.path / "evaluation.json").is_file():
            return Clustering.of(run)
        batches = None
        if is_larger_than_memory(run.record["data"]["source"]):
            dataset, batches = sample_table(run.record["data"]["source"], run.record["seed"])
            refuse_changed(run, dataset)
        else:
            dataset = read_data(run)
        table, chosen = _prepare(dataset, run.record["parameters"], batches)
        return self._carry_out(dataset, table, chosen, batches)

    def judge(self, device: str) -> NoReturn:
        """Refuse: a clustering is judged when it is made."""
        path = self.run.path
        raise RunError(
            f'"{path}" is a clustering, which was judged when it was made; "further report {path}" '
            "shows how."
        )

    def _carry_out(
        self, dataset: Dataset, table: PreparedTable, chosen: Method, batches: Batches | None
    ) -> Clustering:
        run, emit = self.run, self.emit
        # What was spent before an interruption counts, up to the last part that was kept.
        started = time.monotonic() - run.record.get("seconds", 0.0)
        meter = EnergyMeter(Energy.from_json(run.record))
        asked, seed = run.record["parameters"], run.record["seed"]
        judged = table.judged

        def part(name: str, find: Callable[[], dict[str, Any]], what: str) -> dict[str, Any]:
            file = run.path / "parts" / f"{name}.json"
            if not file.is_file():
                emit({"event": "step", "what": what})
                with warnings.catch_warnings():
                    # Bootstrap samples of a few different rows have fewer clusters than asked.
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    write_json(file, find())
                spent = time.monotonic() - started
                run.update(seconds=spent, **meter.read().to_json())
            found: dict[str, Any] = read_json(file)
            return found

        with run.working():
            run.update(status="running")
            criteria = None
            if chosen.has_k:
                criteria = part(
                    "criteria",
                    lambda: choose_k(
                        judged.X, k_max=asked["k_max"], estimator=chosen.make(None, seed),
                        random_state=seed,
                    ).to_dict(),
                    "How many clusters",
                )  # fmt: skip
            k = asked["k"] or (criteria["k"] if criteria else None)
            emit({"event": "step", "what": "The clusters"})
            try:
                estimator = _fit(run, chosen.make(k, seed), judged)
            except ValueError as error:
                # Each of these alone was checked; a method may refuse them together.
                if isinstance(error, InputError) or not asked["hyperparameters"]:
                    raise
                raise InputError(f"{chosen.line.label}: {error}") from error
            sizes = None
            if batches is not None:
                estimator, sizes = fit_all_rows(estimator, judged, batches, run.path)
            estimator.save(run.path)
            write_json(run.path / "preparation.json", table.preparation.to_json())
            compared = part(
                "alternatives",
                lambda: compare_methods(judged, chosen, estimator, k, seed),
                "Alternatives",
            )
            initialisations = None
            if chosen.has_k and k is not None and k > 1 and hasattr(estimator, "inertia_"):
                initialisations = part(
                    "initialisations",
                    lambda: init_sensitivity(
                        judged.X, k, estimator=chosen.make(k, seed), random_state=seed
                    ).to_dict(),
                    "Other initialisations",
                )
            emit({"event": "step", "what": "What the clusters are"})
            found = Evidence(table, chosen, estimator, initialisations, seed)
            evaluation = _record(run, dataset, table, chosen) | {
                "criteria": criteria,
                "alternatives": compared["methods"],
                "stability": compared["methods"][0]["stability"],
                "cluster_stability": compared["clusters"],
                "initialisations": initialisations,
                **found.entries(),
            }
            if batches is not None:
                evaluation["sizes"] = sizes
                evaluation["data"]["rows"] = batches.count()
            if given := asked["hyperparameters"]:
                told = ", ".join(f"{name}={value}" for name, value in given.items())
                evaluation["notes"].append(
                    f"Given to {chosen.line.label}: {told}; its other hyperparameters are defaults."
                )
            evaluation["sentence"] = headline(evaluation)
            energy, seconds = meter.read(), time.monotonic() - started
            spent = Spent(
                energy.watt_hours, energy.carbon_g, energy.method, *grid_intensity(),
                cpu_seconds=energy.cpu_seconds,
                low_watt_hours=energy.range[0], high_watt_hours=energy.range[1],
            )  # fmt: skip
            evaluation |= {"seconds": seconds, "energy": spent}
            if batches is None:
                write_assignments(run.path, found)
            write_json(
                run.path / "evaluation.json", to_json(typed(ClusteringEvaluation, evaluation))
            )
            run.update(status="finished", seconds=seconds, **energy.to_json())
        emit({"event": "done"})
        return Clustering.of(run)


#: What the task offers to :mod:`further.compare.task`, beside :func:`train`.
compare, open_run = cluster_table, ClusteringRun


def _fit(run: Run, estimator: Estimator, table: PreparedTable) -> Estimator:
    """Fit to all rows, and keep the curve of the best initialisation where there is one."""
    if "record" not in estimator.get_params():
        return estimator.fit(table.X)
    estimator.set_params(record=True).fit(table.X)
    lines = ["step,inertia,moved"]
    lines += [f"{i},{at.inertia!r},{at.moved}" for i, at in enumerate(estimator.history_)]
    write_text(run.path / "history.csv", "\n".join([*lines, ""]))
    return estimator.set_params(record=False)


def _record(run: Run, dataset: Dataset, table: PreparedTable, chosen: Method) -> dict[str, Any]:
    """Return what ``evaluation.json`` says of the run, its data and its method."""
    known = versions()
    decided = table.preparation.decisions_
    scales = {line.scale for line in decided if line.role == "numeric" and line.scale}
    return {
        "command": run.record["command"],
        "run": str(run.path),
        "further": known["further-ml"],
        "seed": run.record["seed"],
        "data": {
            **describe_data(dataset),
            "kind": "table",
            "rows": len(table.X),
            "columns": table.frame.shape[1],
            "notes": list(dataset.notes),
        },
        "asked": run.record["parameters"],
        "method": chosen.line.name,
        "label": chosen.line.label,
        "hyperparameters": run.record["parameters"]["hyperparameters"],
        "distance": chosen.distance,
        "scale": ", ".join(sorted(scales)) or "none",
        "columns": [line.to_dict() for line in decided],
        "doubts": list(table.preparation.doubts_),
        "machine": machine(),
        "versions": known,
    }
