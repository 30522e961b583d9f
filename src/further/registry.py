"""The tables of tasks and of models: text only, so that listing them imports nothing heavy.

To add a model is to add its file and one line here. To add a task is to add a folder each in
``evaluate``, ``compare`` and ``report`` and one line here. Commands, workers, comparison, report
and the conformance tests read these tables; what a model can do is asked of its class.
"""

from __future__ import annotations

import importlib
from dataclasses import asdict
from types import ModuleType
from typing import Any, Literal

from further.entries import ModelEntry as ModelEntry
from further.entries import TaskEntry as TaskEntry
from further.errors import InputError, unknown

TASKS: tuple[TaskEntry, ...] = (
    TaskEntry(
        "generation", "Which generative model is right for this data?",
        data=("table", "images"), targets=("none", "classes"), command="train",
        compare="further.compare.generation.task",
        evaluate="further.evaluate.generation.evaluator",
        report="further.report.generation.page",
    ),
    TaskEntry(
        "clustering", "What clusters are in this table, if any?",
        data=("table", "images"), targets=("none", "classes"), command="cluster",
        compare="further.compare.clustering.clustering",
        evaluate="further.compare.clustering.evidence",
        report="further.report.clustering.page",
    ),
    TaskEntry(
        "anomaly", "Which rows are unlike the others?",
        data=("table",), targets=("none",), command="",
    ),
    TaskEntry(
        "classification", "Which class does a row belong to, and which model says it best?",
        data=("table", "images"), targets=("classes",), command="train",
        compare="further.compare.prediction.task",
        evaluate="further.evaluate.prediction.classes",
        report="further.report.prediction.page",
        audit="further.compare.prediction.audited",
    ),
    TaskEntry(
        "regression", "How large is a quantity, and which model says it best?",
        data=("table",), targets=("numbers",), command="train",
        compare="further.compare.prediction.task",
        evaluate="further.evaluate.prediction.numbers",
        report="further.report.prediction.page",
        audit="further.compare.prediction.audited",
    ),
    TaskEntry(
        "instances", "Which pixels belong to each object of a picture?",
        data=("images",), targets=("instances",), command="train",
        compare="further.compare.vision.task",
        evaluate="further.evaluate.vision.detection",
        report="further.report.vision.page",
        audit="further.compare.vision.audited",
    ),
    TaskEntry(
        "detection", "Where are which objects in a picture?",
        data=("images",), targets=("boxes", "instances"), command="train",
        compare="further.compare.vision.task",
        evaluate="further.evaluate.vision.detection",
        report="further.report.vision.page",
        audit="further.compare.vision.audited",
    ),
    TaskEntry(
        "segmentation", "Which class does each pixel of a picture belong to?",
        data=("images",), targets=("mask", "instances"), command="train",
        compare="further.compare.vision.task",
        evaluate="further.evaluate.vision.segmentation",
        report="further.report.vision.page",
    ),
    TaskEntry(
        "audit", "How often is a model wrong about whom?",
        data=("table",), targets=("classes", "numbers"), command="",
        report="further.report.audit.page",
    ),
)  # fmt: skip

MODELS: tuple[ModelEntry, ...] = (
    ModelEntry("autoencoder", "further.generate.autoencoder", "Autoencoder", "generation",
               "network", "model", "Autoencoder"),
    ModelEntry("denoising_autoencoder", "further.generate.denoising", "DenoisingAutoencoder",
               "generation", "network", "model", "Denoising autoencoder"),
    ModelEntry("vae", "further.generate.vae", "VAE", "generation", "network", "model",
               "Variational autoencoder"),
    ModelEntry("beta_vae", "further.generate.vae", "BetaVAE", "generation", "network", "model",
               "β-VAE", compared=False),
    ModelEntry("gan", "further.generate.gan", "GAN", "generation", "network", "model",
               "Generative adversarial network"),
    ModelEntry("flow", "further.generate.flow", "NormalizingFlow", "generation", "network", "model",
               "Normalizing flow"),
    ModelEntry("diffusion", "further.generate.diffusion", "Diffusion", "generation", "network",
               "model", "Diffusion model"),
    ModelEntry("latent_diffusion", "further.generate.latent_diffusion", "LatentDiffusion",
               "generation", "network", "model", "Latent diffusion model"),
    ModelEntry("gaussian_mixture", "further.generate.gaussian_mixture", "GaussianMixtureDensity",
               "generation", "classical", "control", "Gaussian mixture"),
    ModelEntry("copy", "further.generate.copy", "Copy", "generation", "classical", "control",
               "Copy of the training set"),
    ModelEntry("interpolation", "further.generate.interpolation", "Interpolation", "generation",
               "classical", "control", "Interpolation between training rows"),
    ModelEntry("kmeans", "further.cluster.kmeans", "KMeans", "clustering", "classical", "model",
               "k-means"),
    ModelEntry("minibatch_kmeans", "further.cluster.minibatch_kmeans", "MiniBatchKMeans",
               "clustering", "classical", "model", "Mini-batch k-means", compared=False),
    ModelEntry("spherical_kmeans", "further.cluster.spherical_kmeans", "SphericalKMeans",
               "clustering", "classical", "model", "Spherical k-means", compared=False),
    ModelEntry("great_circle_kmeans", "further.cluster.great_circle_kmeans", "GreatCircleKMeans",
               "clustering", "classical", "model", "k-means on the sphere", compared=False),
    ModelEntry("kmedians", "further.cluster.kmedians", "KMedians", "clustering", "classical",
               "model", "k-medians", compared=False),
    ModelEntry("kmedoids", "further.cluster.kmedoids", "KMedoids", "clustering", "classical",
               "model", "k-medoids", compared=False),
    ModelEntry("kmodes", "further.cluster.kmodes", "KModes", "clustering", "classical", "model",
               "k-modes"),
    ModelEntry("kprototypes", "further.cluster.kprototypes", "KPrototypes", "clustering",
               "classical", "model", "k-prototypes"),
    ModelEntry("mixture", "further.cluster.mixture", "GaussianMixture", "clustering", "classical",
               "model", "Gaussian mixture"),
    ModelEntry("agglomerative", "further.cluster.agglomerative", "AgglomerativeClustering",
               "clustering", "classical", "model", "Agglomerative clustering"),
    ModelEntry("hdbscan", "further.cluster.hdbscan", "HDBSCAN", "clustering", "classical", "model",
               "HDBSCAN"),
    ModelEntry("dbscan", "further.cluster.dbscan", "DBSCAN", "clustering", "classical", "model",
               "DBSCAN", compared=False),
    ModelEntry("optics", "further.cluster.optics", "OPTICS", "clustering", "classical", "model",
               "OPTICS", compared=False),
    ModelEntry("mean_shift", "further.cluster.mean_shift", "MeanShift", "clustering", "classical",
               "model", "Mean shift", compared=False),
    ModelEntry("isolation_forest", "further.cluster.isolation_forest", "IsolationForest", "anomaly",
               "classical", "model", "Isolation forest", compared=False),
    ModelEntry("local_outlier_factor", "further.cluster.local_outlier_factor", "LocalOutlierFactor",
               "anomaly", "classical", "model", "Local outlier factor", compared=False),
    ModelEntry("mcculloch_pitts", "further.supervised.neuron", "McCullochPittsNeuron",
               "classification", "classical", "model", "McCulloch-Pitts neuron", compared=False,
               from_commands=False),
    ModelEntry("perceptron", "further.supervised.perceptron", "Perceptron", "classification",
               "classical", "model", "Perceptron", compared=False, from_commands=False),
    ModelEntry("constant_classifier", "further.supervised.rungs.constant", "ConstantClassifier",
               "classification", "classical", "control", "Constant", transparency=0),
    ModelEntry("constant_regressor", "further.supervised.rungs.constant", "ConstantRegressor",
               "regression", "classical", "control", "Constant", transparency=0),
    ModelEntry("univariate_classifier", "further.supervised.rungs.univariate",
               "UnivariateClassifier", "classification", "classical", "model",
               "Univariate logistic regression", transparency=1),
    ModelEntry("univariate_regressor", "further.supervised.rungs.univariate", "UnivariateRegressor",
               "regression", "classical", "model", "Univariate linear regression", transparency=1),
    ModelEntry("logistic_regression", "further.supervised.rungs.linear", "LogisticRegression",
               "classification", "classical", "model", "Logistic regression", transparency=2),
    ModelEntry("linear_regression", "further.supervised.rungs.linear", "LinearRegression",
               "regression", "classical", "model", "Linear regression", transparency=2),
    ModelEntry("polynomial_regression", "further.supervised.rungs.polynomial",
               "PolynomialRegression", "regression", "classical", "model", "Polynomial regression",
               compared=False, transparency=3),
    ModelEntry("additive_classifier", "further.supervised.rungs.additive", "AdditiveClassifier",
               "classification", "classical", "model", "Generalized additive model",
               transparency=4),
    ModelEntry("additive_regressor", "further.supervised.rungs.additive", "AdditiveRegressor",
               "regression", "classical", "model", "Generalized additive model", transparency=4),
    ModelEntry("explainable_boosting_classifier", "further.supervised.rungs.explainable_boosting",
               "ExplainableBoostingClassifier", "classification", "classical", "model",
               "Explainable boosting machine", transparency=5),
    ModelEntry("explainable_boosting_regressor", "further.supervised.rungs.explainable_boosting",
               "ExplainableBoostingRegressor", "regression", "classical", "model",
               "Explainable boosting machine", transparency=5),
    ModelEntry("decision_tree_classifier", "further.supervised.rungs.decision_tree",
               "DecisionTreeClassifier", "classification", "classical", "model", "Decision tree",
               transparency=6),
    ModelEntry("decision_tree_regressor", "further.supervised.rungs.decision_tree",
               "DecisionTreeRegressor", "regression", "classical", "model", "Decision tree",
               transparency=6),
    ModelEntry("support_vector_classifier", "further.supervised.rungs.support_vector_machine",
               "SupportVectorClassifier", "classification", "classical", "model",
               "Support vector machine", transparency=7),
    ModelEntry("support_vector_regressor", "further.supervised.rungs.support_vector_machine",
               "SupportVectorRegressor", "regression", "classical", "model",
               "Support vector machine", transparency=7),
    ModelEntry("random_forest_classifier", "further.supervised.rungs.random_forest",
               "RandomForestClassifier", "classification", "classical", "model", "Random forest",
               transparency=8),
    ModelEntry("random_forest_regressor", "further.supervised.rungs.random_forest",
               "RandomForestRegressor", "regression", "classical", "model", "Random forest",
               transparency=8),
    ModelEntry("gradient_boosting_classifier", "further.supervised.rungs.gradient_boosting",
               "GradientBoostingClassifier", "classification", "classical", "model",
               "Gradient boosting", transparency=9),
    ModelEntry("gradient_boosting_regressor", "further.supervised.rungs.gradient_boosting",
               "GradientBoostingRegressor", "regression", "classical", "model", "Gradient boosting",
               transparency=9),
    ModelEntry("mlp_classifier", "further.supervised.mlp", "MLPClassifier", "classification",
               "network", "model", "Multilayer perceptron", transparency=10),
    ModelEntry("mlp_regressor", "further.supervised.mlp", "MLPRegressor", "regression", "network",
               "model", "Multilayer perceptron", transparency=10),
    ModelEntry("cnn_classifier", "further.supervised.cnn", "CNNClassifier", "classification",
               "network", "model", "Convolutional network", transparency=11),
    ModelEntry("yolo", "further.vision.yolo", "YOLO", "detection", "network", "model", "YOLO"),
    ModelEntry("unet", "further.vision.unet", "UNet", "segmentation", "network", "model", "U-Net"),
    ModelEntry("unet_watershed", "further.vision.unet_watershed", "UNetWatershed", "instances",
               "network", "model", "U-Net with watershed"),
    ModelEntry("faster_rcnn", "further.vision.faster_rcnn", "FasterRCNN", "detection", "network",
               "model", "Faster R-CNN"),
    ModelEntry("mask_rcnn", "further.vision.mask_rcnn", "MaskRCNN", "instances", "network", "model",
               "Mask R-CNN"),
    ModelEntry("mean_box", "further.vision.controls", "MeanBox", "detection", "classical",
               "control", "Mean box of each class"),
    ModelEntry("majority_class", "further.vision.controls", "MajorityClass", "segmentation",
               "classical", "control", "Most frequent class"),
    ModelEntry("watershed", "further.vision.controls", "Watershed", "instances", "classical",
               "control", "Watershed on brightness"),
)  # fmt: skip


#: The folders that users type after ``further.``.
FOLDERS = (
    "cluster", "compare", "data", "evaluate", "explain", "generate", "report", "supervised",
    "train", "trust", "vision",
)  # fmt: skip
#: What else they type that is no estimator, and where it is.
OTHER_NAMES = {
    "Abstainer": "further.trust.safety.abstention",
    "Budget": "further.train.budget",
    "ConformalClassifier": "further.trust.safety.conformal_classification",
    "ConformalQuantileRegressor": "further.trust.safety.conformal_quantiles",
    "ConformalRegressor": "further.trust.safety.conformal_regression",
    "Dataset": "further.data.dataset",
    "ShiftDetector": "further.trust.safety.shift",
    "Training": "further.train.training",
    "audit": "further.compare.auditing",
    "audit_generator": "further.compare.generation.auditing",
    "audit_labels": "further.trust.labels.audit",
    "card": "further.trust.card.model_card",
    "carbon": "further.trust.carbon.carbon",
    "audit_restoration": "further.trust.bias.restoration",
    "audit_text": "further.trust.bias.text_templates",
    "choose_k": "further.cluster.number.choosing",
    "cluster_rules": "further.evaluate.clustering.rules",
    "compare_detectors": "further.cluster.anomaly",
    "compare_shift_scores": "further.trust.safety.shift_comparison",
    "doctor": "further.trust.doctor.diagnosis",
    "exchangeability_test": "further.trust.safety.exchangeability",
    "explain_architecture": "further.explain.architecture",
    "init_sensitivity": "further.cluster.number.initialisations",
    "load": "further.train.load",
    "mitigate": "further.trust.audit.mitigation",
    "profile_clusters": "further.evaluate.clustering.profiles",
    "project": "further.evaluate.clustering.projection",
    "robustness": "further.trust.safety.robustness",
    "sensitivity": "further.trust.safety.sensitivity",
    "silhouette_values": "further.cluster.dissimilarity.silhouette",
}


def public_names() -> dict[str, str]:
    """Return the names that users type after ``further.``, each with its module."""
    return {line.cls: line.module for line in MODELS} | OTHER_NAMES


def find_task(name: str) -> TaskEntry:
    """Return the line of a task.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named.
    """
    for line in TASKS:
        if line.name == name.lower():
            return line
    raise InputError(unknown("task", name, [line.name for line in TASKS]))


def task_of_target(data: str, target: str | None) -> str:
    """Return the task that a target is for where none is named: the first that takes it.

    Parameters
    ----------
    data : str
        The kind of data.
    target : str or None
        The kind of target; None where there is none.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> task_of_target("images", "boxes"), task_of_target("images", "classes")
    ('detection', 'generation')
    """
    lines = [line for line in TASKS if line.compare and data in line.data]
    able = [line.name for line in lines if (target or "none") in line.targets]
    return able[0] if able else lines[0].name


def task_module(name: str, part: Literal["compare", "evaluate", "report", "audit"]) -> ModuleType:
    """Import the module that compares, judges, shows or audits the models of a task.

    Parameters
    ----------
    name : str
        Of the task.
    part : {"compare", "evaluate", "report", "audit"}
        What the module does.

    Returns
    -------
    module
        Imported.

    Raises
    ------
    InputError
        If there is no such task, or it has no such module.
    """
    line = find_task(name)
    module: str = getattr(line, part)
    if not module:
        able = [line.name for line in TASKS if getattr(line, part)]
        raise InputError(f'The task "{name}" cannot {part}; {", ".join(able)} can.')
    return importlib.import_module(module)


def command_for(line: ModelEntry) -> str:
    """Return the command that fits a model; empty where it is fitted from Python only."""
    return find_task(line.task).command if line.from_commands else ""


def python_only(line: ModelEntry) -> str:
    """Return the sentence that tells whoever typed a command how a model is fitted.

    Parameters
    ----------
    line : ModelEntry
        A model that no command fits.

    Returns
    -------
    str
        With the call.
    """
    given = "X" if "none" in find_task(line.task).targets else "X, y"
    return (
        f"{line.label} learns from arrays in Python: further.{line.cls}().fit({given}); no command "
        "fits it."
    )


def models_for(task: str | None = None, *, command: str | None = None) -> tuple[ModelEntry, ...]:
    """Return the lines of one task, or of all whose models a command fits.

    Parameters
    ----------
    task : str, optional
        Such as "generation" or "clustering".
    command : str, optional
        Such as "train"; "" for those that no command fits.

    Returns
    -------
    tuple of ModelEntry
        In the order of the table.
    """
    return tuple(
        line
        for line in MODELS
        if task in (None, line.task) and command in (None, command_for(line))
    )


def find_model(name: str, task: str | None = None, *, command: str | None = None) -> ModelEntry:
    """Return the line of a model, among those of :func:`models_for`.

    Parameters
    ----------
    name : str
        Of the model or of its class; case and dashes do not matter.
    task, command : str, optional
        See :func:`models_for`.

    Returns
    -------
    ModelEntry
        The line.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named. If it is not the command that fits
        it; what does is named.
    """
    wanted = name.lower().replace("-", "_")
    for line in models_for(task):
        if wanted in (line.name, line.cls.lower()):
            fits = command_for(line)
            if command in (None, fits):
                return line
            told = f'{line.label} is fitted by "further {fits}", not by "further {command}".'
            raise InputError(told if fits else python_only(line))
    raise InputError(unknown("model", name, [m.name for m in models_for(task, command=command)]))


def name_of(cls: type) -> ModelEntry:
    """Return the line of a class."""
    for line in MODELS:
        if (line.module, line.cls) == (cls.__module__, cls.__name__):
            return line
    raise InputError(
        f"{cls.__name__} is not in the table of models, so it cannot be kept in a run."
    )


def tables() -> dict[str, Any]:
    """Return both tables for JSON, so that another process can work with the same ones."""
    return {
        "tasks": [asdict(line) for line in TASKS],
        "models": [asdict(line) for line in MODELS],
    }


def use_tables(found: dict[str, Any]) -> None:
    """Take the tables of another process, from :func:`tables`."""
    global TASKS, MODELS
    TASKS = tuple(TaskEntry(**line) for line in found["tasks"])
    MODELS = tuple(ModelEntry(**line) for line in found["models"])
