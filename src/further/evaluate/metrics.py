"""The one table of metrics: what each measures, which way is better, and what it cannot show.

Comparison, command and report read this table. To add a metric is to write the function that
scores it and to add one entry here. Nothing heavy is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from further.evaluate.metric import Metric as Metric
from further.evaluate.metric import Range

SHARE: Range = (0.0, 1.0)
#: Tasks that find objects in pictures, and all tasks on pictures.
OBJECTS = ("detection", "instances")
VISION = (*OBJECTS, "segmentation")
#: What only an audit by group measures.
AUDIT = ("audit",)


@dataclass(frozen=True)
class Goal:
    """What somebody may want of a model."""

    name: Annotated[str, "Its key in ``evaluation.json``."]
    label: Annotated[str, "What a report calls it."]
    purpose: Annotated[str, "What it is good for, as it stands inside a sentence."]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that decide it: the first that is defined for the data does."""
        return tuple(metric for metric in METRICS.values() if metric.goal == self.name)


_METRICS = (
    Metric("kernel_distance", "kernel distance", "Realism", "lower",
        "How far apart generated and held-out rows are, all features at once, by the unbiased "
        "estimate.",
        "It cannot say what is wrong: a blur and a missing class may score alike, and it sees "
        "only what its features see.",
        term="MMD²", heading="kernel distance", goal="realism"),
    Metric("frechet_distance", "Fréchet distance", "Realism", "lower",
        "How far apart the means and covariances of generated and held-out features are.",
        "It knows means and covariances only and is biased on few rows, so compare it within this"
        " table and with no published figure.",
        range=(0.0, None), scorer="further.evaluate.generation.frechet_distance:score"),
    Metric("two_sample_accuracy", "two-sample accuracy", "Realism", "lower",
        "How often a classifier tells generated rows from held-out ones; 0.5 is a coin toss.",
        "A flaw that is plain to a classifier but harmless to you counts in full.",
        term="C2ST", heading="C2ST accuracy", range=SHARE),
    Metric("precision", "precision", "Realism", "higher",
        "The share of generated rows that lie among held-out ones.",
        "A model that repeats one good example for ever scores 1.",
        range=SHARE),
    Metric("density", "density", "Realism", "higher",
        "How densely held-out rows surround the generated ones.",
        "It rewards drawing only the most typical rows, and may then exceed what real data score.",
        range=(0.0, None)),
    Metric("recall", "recall", "Variety", "higher",
        "The share of held-out rows that lie among generated ones.",
        "A few far-off samples can raise it.",
        range=SHARE),
    Metric("coverage", "coverage", "Variety", "higher",
        "The share of held-out rows that have a generated one in their neighbourhood.",
        "It says that each neighbourhood is reached, not that it gets its right share.",
        heading="coverage", goal="variety", range=SHARE),
    Metric("class_balance", "class balance", "Variety", "higher",
        "How well the shares of the classes recognised in generated rows match the real ones.",
        "Right shares say nothing about the rows inside a class, and the classifier errs as well.",
        range=SHARE),
    Metric("synthetic_to_real_accuracy", "train on synthetic", "Use", "higher",
        "The accuracy on held-out rows, averaged over classes, of a classifier that has seen "
        "generated rows only.",
        "A model may leave out the odd and the rare and still teach the rest well.",
        term="TSTR", heading="TSTR balanced", range=SHARE),
    Metric("synthetic_to_real_r2", "train on synthetic, target a number", "Use", "higher",
        "How much of the target's variation in held-out rows a regression explains that has seen "
        "generated rows only; 0 is a constant.",
        "It is that of normal scores: how far off the largest values are counts for little.",
        term="R²", heading="TSTR R²", range=(None, 1.0)),
    Metric("global_utility", "global utility", "Use", "higher",
        "How much generated rows teach about each column from the others, averaged over columns "
        "(R² of encoded values, none below 0).",
        "A column that nobody needs counts as much as any other, rows made of training rows do "
        "well, and another draw of samples may differ by more than the interval says.",
        heading="global utility", range=SHARE),
    Metric("augmentation_gain", "gain from adding rows", "Use", "higher",
        "What adding generated rows to a small training set changes in held-out accuracy, averaged "
        "over classes.",
        "It holds for this classifier and this size of training set.",
        goal="augmentation", range=(-1.0, 1.0), nothing=0.0),
    Metric("bits_per_dimension", "bits per dimension", "Likelihood", "lower",
        "How many bits the model needs per value of a held-out row.",
        "A good likelihood does not guarantee good samples, and a bound is not an exact value; "
        "models without a likelihood have none here.",
        heading="bits/dim", goal="density"),
    Metric("memorization", "memorization", "Copying", "lower",
        "The share of samples that lie nearer to a training row than held-out rows do.",
        "It finds near-copies of whole rows, not copied parts, and is no proof of privacy.",
        range=SHARE, worst=1.0),
    Metric("membership", "membership inference", "Copying", "lower",
        "The share of training rows that an attacker who has only samples names while he wrongly "
        "accuses a tenth of other rows; 0.10 is guessing.",
        "One attack was tried, by distances to samples and to validation rows. It cannot rule out "
        "that another learns more, or that few rows are given away: a tenth of them copied gives "
        "0.19.",
        heading="membership", range=SHARE, worst=1.0),
    Metric("membership_white_box", "membership inference from weights", "Copying", "lower",
        "The same for an attacker who has the trained weights: whoever shares a run shares them.",
        "One question was put to each model: how well it denoises or reconstructs a row, or how "
        "likely the row is. Other questions may tell more.",
        heading="from weights", range=SHARE, worst=1.0),
    Metric("column_shapes", "column shapes", "Columns", "higher",
        "How well the distribution of each column is matched, averaged over the columns.",
        "It is blind to every relation between columns.",
        range=SHARE),
    Metric("pair_correlations", "pair correlations", "Columns", "higher",
        "How well the relations between pairs of columns are matched.",
        "It is blind to relations among three columns or more.",
        range=SHARE),
    Metric("constraint_violations", "constraint violations", "Columns", "lower",
        "The share of generated rows that break a rule that holds throughout the training rows.",
        "It knows only the rules that it could find in the training rows.",
        range=SHARE),
    Metric("latent_accuracy", "accuracy from the code", "Representation", "higher",
        "The accuracy on held-out rows, averaged over classes, of a linear classifier that sees "
        "the latent code only.",
        "It shows what the code says about these labels, not what else it keeps or loses; a model"
        " conditioned on the class need not keep it in its code.",
        goal="compact_representation", range=SHARE),
    Metric("reconstruction_psnr", "reconstruction", "Representation", "higher",
        "How faithfully held-out rows come back through the bottleneck.",
        "It averages squared errors: a small blur everywhere and one wrong stroke may score alike.",
        term="PSNR", goal="compact_representation", unit="dB"),
    Metric("reconstruction_ssim", "reconstructed structure", "Representation", "higher",
        "How alike small windows of pictures and their reconstructions are.",
        "It looks at grey levels in windows of seven pixels and knows nothing of meaning.",
        term="SSIM", range=(-1.0, 1.0)),
    Metric("denoising_psnr", "denoising", "Representation", "higher",
        "How near pictures come to the clean ones after noise is added and removed.",
        "It holds for the kind and strength of noise that the model was made for.",
        term="PSNR", unit="dB"),
    Metric("denoising_ssim", "denoised structure", "Representation", "higher",
        "How alike small windows of clean and denoised pictures are.",
        "It holds for the kind and strength of noise that the model was made for.",
        term="SSIM", range=(-1.0, 1.0)),
    Metric("sampling_seconds_per_1000", "time for 1,000 samples", "Cost", "lower",
        "Seconds to draw 1,000 samples on this machine.",
        "Another machine or batch size may order the models differently.",
        heading="s per 1,000", goal="fast_sampling", range=(0.0, None), style="duration", unit="s"),
    Metric("parameters", "parameters", "Cost", "lower",
        "How many numbers were fitted.",
        "Few parameters do not mean little computation.",
        range=(0.0, None), style="count", beside=True),
    Metric("training_flops", "training operations", "Cost", "lower",
        "Floating-point operations spent on training; the budget is counted in them.",
        "Elementwise work is not counted.",
        range=(0.0, None), style="quantity", beside=True),
    Metric("seconds", "training time", "Cost", "lower",
        "Seconds of training on this machine.",
        "It depends on what else the machine did at the time.",
        range=(0.0, None), style="duration", unit="s", beside=True),
    Metric("cpu_seconds", "processor time", "Cost", "lower",
        "Processor time of training, summed over threads; it is measured.",
        "What a GPU did; and processors differ, so it compares what one machine did.",
        range=(0.0, None), style="duration", unit="s", beside=True),
    Metric("energy_wh", "training energy", "Cost", "lower",
        "Energy that training took, by the method named below.",
        "Where it is estimated it may lie anywhere in its range; models whose ranges overlap are "
        "not ranked by it.",
        goal="low_energy", range=(0.0, None), style="quantity", unit="Wh", beside=True),
    Metric("carbon_g", "training carbon", "Cost", "lower",
        "Greenhouse gas of that energy on the grid named below, in grams of CO₂ equivalent.",
        "It leaves out the manufacture of the machine, and the grid's hour-to-hour changes.",
        range=(0.0, None), style="quantity", unit="g", beside=True),
    Metric("stability", "stability", "Clusters", "higher",
        "Whether other samples of such rows would be clustered alike.",
        "Whether the clusters are right: a method that always cuts a single cloud at the "
        "same place is stable too.",
        heading="stability", range=(-1.0, 1.0), tasks=("clustering",)),
    Metric("silhouette", "silhouette", "Clusters", "higher",
        "How much nearer each row is to its own cluster than to the next one.",
        "Clusters that are long, bent or of unequal width: they score low however clear they are.",
        heading="silhouette", range=(-1.0, 1.0), tasks=("clustering",)),
    Metric("agreement", "agreement", "Clusters", "higher",
        "How far two clusterings of the same rows agree: 1 for the same clusters, 0 for chance.",
        "Which of the two is right.",
        term="adjusted Rand index", heading="agreement", range=(-1.0, 1.0), tasks=("clustering",)),
    Metric("inertia", "inertia", "Clusters", "lower",
        "The sum of the squared distances of rows to the centroid of their cluster.",
        "How many clusters there are: it falls with every further one.",
        range=(0.0, None), tasks=("clustering",)),
    Metric("fidelity", "rules", "Clusters", "higher",
        "A short description of the clusters, with the share of rows for which it is right.",
        "Why a row is in its cluster: the clustering did not use these rules.",
        range=SHARE, tasks=("clustering",)),
    Metric("precision_at_k", "precision of the first k", "Unusual rows", "higher",
        "The share of rows known to be unusual among the k with the highest score.",
        "How the rows after them are ordered.",
        range=SHARE, tasks=("anomaly",)),
    Metric("average_precision", "average precision", "Ranking", "higher",
        "The precision at each positive row (known to be unusual, or of a class), averaged; of "
        "several classes each is the positive one in turn.",
        "It cannot be compared where the share of positive rows is another: by chance it is that "
        "share.",
        heading="avg. precision", range=SHARE, tasks=("anomaly", "classification", "audit")),
    Metric("roc_auc", "area under the ROC curve", "Unusual rows", "higher",
        "How often a row known to be unusual scores higher than one that is not.",
        "Whether the first rows of the list are right, where unusual rows are rare.",
        range=SHARE, tasks=("anomaly",)),
    Metric("log_loss", "log loss", "Probabilities", "lower",
        "How surprising the true classes are under the predicted probabilities, in nats.",
        "A few confident mistakes count for much. No probability is taken for less than once in "
        "twice the training rows.",
        heading="log loss", range=(0.0, None), tasks=("classification",)),
    Metric("brier", "Brier score", "Probabilities", "lower",
        "The squared distance of predicted probabilities from what happened, halved, so that for "
        "two classes it is that of the one.",
        "Whether mistakes come from wrong confidence or from lack of knowledge.",
        range=SHARE, tasks=("classification",)),
    Metric("calibration_error", "calibration error", "Probabilities", "lower",
        "How far the share of right answers is from the confidence in them, averaged over bins of "
        "equally many rows.",
        "It is above 0 for a perfectly calibrated model too, the more so the fewer rows there are, "
        "and says nothing of how much a model knows.",
        term="ECE", heading="ECE", range=SHARE, tasks=("classification", "audit")),
    Metric("auc", "area under the ROC curve", "Ranking", "higher",
        "How often a row of a class is given a higher probability of it than one that is of "
        "another class, averaged over classes.",
        "Whether the probabilities are true: any that are in the right order score alike.",
        term="AUC", heading="AUC", range=SHARE, worst=0.5, tasks=("classification", "audit")),
    Metric("balanced_accuracy", "balanced accuracy", "Decisions", "higher",
        "The share of right answers within each class, averaged over classes.",
        "It is that of the most probable class, which is not the best decision where mistakes "
        "differ in cost.",
        heading="balanced acc.", range=SHARE, tasks=("classification", "segmentation", "audit")),
    Metric("accuracy", "accuracy", "Decisions", "higher",
        "The share of right answers.",
        "Where one class is common, whoever always says it scores high: look at the constant.",
        heading="accuracy", range=SHARE, tasks=("classification", "audit")),
    Metric("base_rate", "base rate", "Groups", "neither",
        "The share of positive rows.",
        "Whether labels mean the same in each group: an arrest is not an offence.",
        heading="base rate", range=SHARE, tasks=AUDIT),
    Metric("selection_rate", "selection rate", "Groups", "neither",
        "The share of rows that are selected: predicted to be positive.",
        "Whether the right ones are.",
        heading="selected", range=SHARE, tasks=AUDIT),
    Metric("fpr", "false positive rate", "Groups", "lower",
        "The share of negative rows that are selected.",
        "What being selected wrongly costs whom.",
        term="FPR", heading="FPR", range=SHARE, tasks=AUDIT),
    Metric("fnr", "false negative rate", "Groups", "lower",
        "The share of positive rows that are not selected.",
        "What being overlooked costs whom.",
        term="FNR", heading="FNR", range=SHARE, tasks=AUDIT),
    Metric("ppv", "precision", "Groups", "higher",
        "The share of selected rows that are positive.",
        "Who is not selected; and it is lower in a group with a lower base rate.",
        term="PPV", heading="PPV", range=SHARE, tasks=AUDIT),
    Metric("npv", "negative predictive value", "Groups", "higher",
        "The share of rows that are not selected and are negative.",
        "Who is selected; and it is higher in a group with a lower base rate.",
        term="NPV", heading="NPV", range=SHARE, tasks=AUDIT),
    Metric("recall_of_class", "recall of a class", "Groups", "higher",
        "The share of the rows of a class that are predicted to be of it.",
        "How many others are, too.",
        range=SHARE, tasks=AUDIT),
    Metric("equalized_odds", "equalized odds", "Groups", "lower",
        "The larger of the differences of false positive and false negative rates.",
        "Which of the two it is; the table behind it does.",
        range=SHARE, tasks=AUDIT),
    Metric("calibration_in_the_large", "calibration in the large", "Groups", "neither",
        "The mean score minus the share of positive rows; 0 is right.",
        "Whether too high and too low scores cancel.",
        range=(-1.0, 1.0), tasks=AUDIT),
    Metric("mean_error", "mean error", "Groups", "neither",
        "The mean of prediction minus truth, in units of the target; 0 is right.",
        "Whether errors in both directions cancel.",
        heading="mean error", style="quantity", tasks=AUDIT),
    Metric("median_absolute_error", "median absolute error", "Groups", "lower",
        "Half of the predictions are no farther off than this.",
        "The worse half.",
        heading="median error", range=(0.0, None), style="quantity", tasks=AUDIT),
    Metric("r2", "explained variance", "Numbers", "higher",
        "How much of the target's variation is explained; 0 is the mean of the test rows.",
        "A few rows that are far from all others decide it.",
        term="R²", heading="R²", range=(None, 1.0), tasks=("regression",)),
    Metric("rmse", "root mean squared error", "Numbers", "lower",
        "The typical distance of predictions from the target, in its units; large ones count most.",
        "Whether a few rows or all of them are far off.",
        term="RMSE", heading="RMSE", range=(0.0, None), style="quantity",
        tasks=("regression", "audit")),
    Metric("mae", "mean absolute error", "Numbers", "lower",
        "The mean distance of predictions from the target, in its units.",
        "It is blind to how bad the worst rows are.",
        term="MAE", heading="MAE", range=(0.0, None), style="quantity",
        tasks=("regression", "audit")),
    Metric("pinball", "pinball loss of the interval", "Intervals", "lower",
        "How good the ends of the 90 % interval are as quantiles, in units of the target: narrow "
        "intervals that hold the truth score low.",
        "Whether coverage or width is to blame.",
        range=(0.0, None), style="quantity", tasks=("regression",)),
    Metric("interval_coverage", "coverage of the interval", "Intervals", "higher",
        "The share of rows whose 90 % interval holds the truth; 0.90 is right.",
        "Intervals as wide as the world cover everything.",
        heading="90 % covers", range=SHARE, tasks=("regression",)),
    Metric("ap", "average precision over overlaps", "Objects", "higher",
        "How complete and how pure the found objects are over all thresholds of the score, for "
        "overlaps from 0.5 to 0.95, averaged over classes.",
        "Whether places, classes or misses are to blame; and an object that nobody labelled counts "
        "against whoever finds it.",
        term="AP", heading="AP", range=SHARE, tasks=OBJECTS),
    Metric("ap50", "average precision at an overlap of 0.5", "Objects", "higher",
        "The same for predictions that overlap their object by at least half.",
        "How exact boxes and outlines are: half an overlap is enough.",
        term="AP50", heading="AP50", range=SHARE, tasks=OBJECTS),
    Metric("ap75", "average precision at an overlap of 0.75", "Objects", "higher",
        "The same for predictions that overlap their object by at least three quarters.",
        "On small objects a pixel decides it, and labels are rarely that exact.",
        term="AP75", heading="AP75", range=SHARE, tasks=OBJECTS),
    Metric("ap_small", "average precision of small objects", "Objects by size", "higher",
        "The average precision over overlaps of objects of up to 32x32 pixels.",
        "Pixels are those of the file: the same picture enlarged has no small objects.",
        term="AP small", range=SHARE, tasks=OBJECTS),
    Metric("ap_medium", "average precision of medium objects", "Objects by size", "higher",
        "The average precision over overlaps of objects between 32x32 and 96x96 pixels.",
        "Pixels are those of the file: in the same picture enlarged other objects are medium.",
        term="AP medium", range=SHARE, tasks=OBJECTS),
    Metric("ap_large", "average precision of large objects", "Objects by size", "higher",
        "The average precision over overlaps of objects of at least 96x96 pixels.",
        "Pixels are those of the file: in the same picture enlarged more objects are large.",
        term="AP large", range=SHARE, tasks=OBJECTS),
    Metric("average_recall", "average recall", "Objects", "higher",
        "The share of the objects that is found at all, averaged over overlaps and classes, with "
        "up to 100 predictions a picture and class.",
        "How many predictions that takes: whoever predicts everywhere recalls a lot.",
        term="AR", range=SHARE, tasks=OBJECTS),
    Metric("mean_iou", "mean overlap", "Masks", "higher",
        "The pixels on which truth and prediction agree about a class, as a share of those that "
        "either gives to it, averaged over classes.",
        "Whether cells are kept apart and borders are met: it counts pixels.",
        term="mean IoU", heading="mean IoU", range=SHARE, tasks=("segmentation",)),
    Metric("dice", "Dice coefficient", "Masks", "higher",
        "Twice the pixels on which truth and prediction agree about a class, as a share of those "
        "that both give to it, averaged over classes.",
        "More than the overlap does: of one class both rank models alike.",
        term="Dice", heading="Dice", range=SHARE, tasks=("segmentation",)),
    Metric("boundary_f", "boundary F-score", "Masks", "higher",
        "How much of the borders between classes lies within a few pixels of a true border, and "
        "the other way round, averaged over classes; the tolerance stands beside the figure.",
        "What happens inside: a hole as large as the class costs no more than its own border.",
        term="boundary F", heading="boundary F", range=SHARE, tasks=("segmentation",)),
    Metric("adapted_rand_error", "adapted Rand error", "Cells", "lower",
        "How often two pixels of a picture are put into one cell where they belong to two, or the "
        "other way round; 0 is right.",
        "Small cells: a pair of pixels counts, so large cells decide it.",
        term="ARE", heading="Rand error", range=SHARE, tasks=("segmentation", "instances")),
    Metric("variation_of_information", "variation of information", "Cells", "lower",
        "How many bits a pixel it takes to turn the predicted cells into the true ones: to mend "
        "those that were cut in two and those that were merged.",
        "Which pictures of another size would score: it grows with the number of cells.",
        term="VI", heading="VI", range=(0.0, None), unit="bits",
        tasks=("segmentation", "instances")),
    Metric("aggregated_jaccard", "aggregated Jaccard index", "Cells", "higher",
        "The pixels that each object shares with the one found for it, as a share of all that "
        "belongs to either, with what was found beside.",
        "An object that two predictions share counts for one of them only; predictions with a "
        "score below 0.5 do not take part.",
        term="AJI", heading="AJI", range=SHARE, tasks=("instances",)),
    Metric("seconds_per_picture", "time for a picture", "Cost", "lower",
        "Seconds to predict one picture on this machine, from the decoded file to its objects.",
        "Another machine, picture size or batch size may order the models differently.",
        heading="s per picture", range=(0.0, None), style="duration", unit="s", beside=True,
        tasks=VISION),
    Metric("energy_wh_per_picture", "energy for a picture", "Cost", "lower",
        "Energy to predict one picture, by the method named below.",
        "Where it is estimated from processor time it may be several times too high or too low.",
        range=(0.0, None), style="quantity", unit="Wh", beside=True, tasks=VISION),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _METRICS}

GOALS: tuple[Goal, ...] = (
    Goal("realism", "Realism", "samples like the real data"),
    Goal("variety", "Variety", "samples that leave nothing out"),
    Goal("density", "Density", "a density or an anomaly score"),
    Goal("fast_sampling", "Fast sampling", "fast sampling"),
    Goal("compact_representation", "Compact code", "a compact representation"),
    Goal("augmentation", "Augmentation", "augmenting a small training set"),
    Goal("low_energy", "Low energy", "low energy"),
)


def metrics_for(task: str) -> tuple[Metric, ...]:
    """Return the metrics of one task in the order of the table."""
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)


def find_metric(name: str) -> Metric:
    """Return a metric; one that is not in the table is described by its name alone.

    A run may hold one, when another version of further has written it.
    """
    known = METRICS.get(name)
    if known is not None:
        return known
    plain = name.replace("_", " ")
    return Metric(name, plain, "Other", "higher", f"{plain}.", "No description is recorded.")
