r"""Cells that touch each other: is each one object, or were some merged and others cut in two?

Of two divisions of the same N pixels into cells, S true and T predicted, let :math:`n_{ij}` pixels
be of the true cell i and of the predicted cell j, :math:`s_i = \sum_j n_{ij}` and
:math:`t_j = \sum_i n_{ij}`. Among pairs of pixels, and in bits,

.. math:: \text{adapted Rand error} = 1 - \frac{2 \sum_{ij} n_{ij} (n_{ij} - 1)}
          {\sum_i s_i (s_i - 1) + \sum_j t_j (t_j - 1)}, \qquad
          \mathrm{VI} = -\sum_{ij} \frac{n_{ij}}{N} \Bigl(\log_2 \frac{n_{ij}}{s_i}
          + \log_2 \frac{n_{ij}}{t_j}\Bigr),

0 for the same cells. The first half of VI is what was cut in two, the second what was merged.
Pixels of the true background, or membrane, are left out; predicted background within a cell
is one more cell. Of a mask of two classes the last one is the interior of cells and the first the
membrane or background (a mask of white cells on black membranes has the classes "0" and "255"):
connected pixels of the interior, by their four neighbours, are one cell. Both are computed picture
by picture and averaged.

The aggregated Jaccard index adds up, over the true objects :math:`G_i`, the intersection with the
predicted object that each overlaps most, and divides by their unions and by what nobody chose,

.. math:: \mathrm{AJI} = \frac{\sum_i |G_i \cap P_{j(i)}|}
          {\sum_i |G_i \cup P_{j(i)}| + \sum_{j \text{ unused}} |P_j|}.

References
----------
Arganda-Carreras et al. 2015, "Crowdsourcing the creation of image segmentation algorithms for
connectomics". Meila 2007, "Comparing clusterings: an information based distance". Kumar et al.
2017, "A dataset and a technique for generalized nuclear segmentation for computational pathology".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.data.target import Instances
from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_examples
from further.evaluate.vision.matching import scores_of
from further.evaluate.vision.overlap import Floats, areas, overlaps

Labels = NDArray[np.integer[Any]]
#: From this score on an instance counts where scores play no further part.
LEAST_SCORE = 0.5
SHARE = (0.0, 1.0)


def interior_labels(interior: NDArray[np.bool_]) -> Labels:
    """Return the cell of each pixel: connected pixels of the interior.

    Parameters
    ----------
    interior : array of bool, shape (height, width)
        Where cells are.

    Returns
    -------
    array of int, shape (height, width)
        Cells from 1 on; 0 for what lies between them.
    """
    from skimage.measure import label

    labels: Labels = label(interior, connectivity=1)
    return labels


def instance_labels(found: Instances, row: int) -> Labels:
    """Return the object of each pixel of one picture; of several the one with the best score.

    Parameters
    ----------
    found : Instances
        True or predicted.
    row : int
        The picture.

    Returns
    -------
    array of int, shape (height, width)
        Objects from 1 on; 0 for none.
    """
    own = found.of_row(row)
    labels = np.zeros((found.packed.shape[1], found.width), dtype=np.int64)
    masks = found.masks(row)
    for i in np.argsort(scores_of(found)[own], kind="stable"):
        labels[masks[i]] = i + 1
    return labels


def cell_scores(
    pairs: Sequence[tuple[Labels, Labels]], *, groups: ArrayLike | None = None, seed: int = 0
) -> dict[str, Score | None]:
    """Return adapted Rand error and variation of information, averaged over pictures.

    When to use: for touching cells, where a single missing pixel of a membrane merges two of them:
    overlap of pixels hardly notices, these do. When it fails: they weigh cells by their size.

    Parameters
    ----------
    pairs : sequence of (true, predicted)
        The cell of each pixel, 0 for the background; one pair a picture.
    groups : array-like of shape (n,), optional
        Pictures that depend on each other.
    seed : int
        The same seed resamples the same pictures, so that models are paired.

    Returns
    -------
    dict of Score or None
        By metric; None where no picture has a true cell.

    Examples
    --------
    >>> true = np.repeat([[1, 1, 0, 2, 2]], 4, axis=0)
    >>> merged = np.ones_like(true)
    >>> scores = cell_scores([(true, merged), (true, true)])
    >>> round(scores["adapted_rand_error"].value, 3)
    0.182
    >>> scores["variation_of_information"].detail["merged"]
    0.5
    """
    from skimage.metrics import adapted_rand_error, variation_of_information

    known = [i for i, (true, _) in enumerate(pairs) if true.any()]
    if not known:
        return {"adapted_rand_error": None, "variation_of_information": None}
    rand = np.empty(len(known))
    information = np.empty((len(known), 2))
    for place, i in enumerate(known):
        true, said = pairs[i]
        rand[place] = adapted_rand_error(true, said, ignore_labels=(0,))[0]
        information[place] = variation_of_information(true, said, ignore_labels=(0,))
    groups = None if groups is None else np.asarray(groups)[known]
    cut, merged = information.mean(axis=0)
    return {
        "adapted_rand_error": score_from_examples(rand, limits=SHARE, groups=groups, seed=seed),
        "variation_of_information": score_from_examples(
            information.sum(axis=1),
            groups=groups,
            seed=seed,
            detail={"cut": float(cut), "merged": float(merged)},
        ),
    }


def instance_scores(
    truth: Instances, predicted: Instances, *, groups: ArrayLike | None = None, seed: int = 0
) -> dict[str, Score | None]:
    """Return the scores of instances as a division of the picture: AJI, adapted Rand error, VI.

    When to use: beside the average precision, which ranks by scores; here all objects with a score
    of at least 0.5 count, or all where there are no scores. When it fails: classes are not looked
    at.

    Parameters
    ----------
    truth, predicted : Instances
        Of the same pictures.
    groups, seed : optional
        See :func:`cell_scores`.

    Returns
    -------
    dict of Score or None
        By metric.
    """
    kept = with_score(predicted, LEAST_SCORE)
    rows = range(len(truth.counts))
    pairs = [(instance_labels(truth, row), instance_labels(kept, row)) for row in rows]
    jaccard = _aggregated_jaccard(truth, kept)
    score = score_from_examples(jaccard, limits=SHARE, groups=groups, seed=seed)
    return {"aggregated_jaccard": score, **cell_scores(pairs, groups=groups, seed=seed)}


def with_score(predicted: Instances, least: float) -> Instances:
    """Return the instances with at least some score.

    Parameters
    ----------
    predicted : Instances
        With scores, or without: then all of them.
    least : float
        The score.

    Returns
    -------
    Instances
        Of the same pictures.
    """
    kept = scores_of(predicted) >= least
    rows = np.repeat(np.arange(len(predicted.counts)), predicted.counts)[kept]
    return dataclasses.replace(
        predicted,
        counts=np.bincount(rows, minlength=len(predicted.counts)),
        codes=predicted.codes[kept],
        packed=predicted.packed[kept],
        scores=None if predicted.scores is None else predicted.scores[kept],
    )


def _aggregated_jaccard(truth: Instances, predicted: Instances) -> Floats:
    """Return the aggregated Jaccard index of each picture, 1 where nothing is and was found."""
    of_true, of_predicted = areas(truth), areas(predicted)
    found = np.ones(len(truth.counts))
    for row, iou in enumerate(overlaps(truth, predicted)):
        true, said = of_true[truth.of_row(row)], of_predicted[predicted.of_row(row)]
        if not len(true) + len(said):
            continue
        shared, union, used = 0.0, 0.0, np.zeros(len(said), dtype=bool)
        for i, area in enumerate(true):
            best = int(iou[:, i].argmax()) if len(said) else -1
            if best < 0 or iou[best, i] == 0:
                union += area
                continue
            # From IoU = shared / union and shared + union = the sum of both areas.
            both = (area + said[best]) / (1 + iou[best, i])
            shared, union = shared + both * iou[best, i], union + both
            used[best] = True
        found[row] = shared / (union + said[~used].sum())
    return found
