r"""What no threshold can give: equal precision and equal error rates of groups that differ in fact.

With the share p of positive rows in a group (its base rate), its false positive rate is fixed by
precision and false negative rate,

.. math:: \mathrm{FPR} = \frac{p}{1 - p} \cdot \frac{1 - \mathrm{PPV}}{\mathrm{PPV}}
          \cdot (1 - \mathrm{FNR}) .

So where base rates differ, groups with the same PPV and the same FNR have different FPR, unless the
predictions are perfect; likewise scores cannot be calibrated in both groups and on average equally
high for the positive and for the negative rows of both (Kleinberg et al.). This is arithmetic, not
a fault of one model; which of the three is given up is for people to choose.

References
----------
Chouldechova 2017, "Fair prediction with disparate impact", Big Data 5. Kleinberg, Mullainathan and
Raghavan 2017, "Inherent trade-offs in the fair determination of risk scores", ITCS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from further.trust.audit.comparison import Compared
from further.trust.audit.groups import named


@dataclass(frozen=True)
class Impossibility:
    """Two groups: what the false positive rate of one would be with the rates of the other."""

    by: Annotated[str, "The column."]
    group: Annotated[str, "The group with the higher base rate."]
    other: Annotated[str, "The group with the lower one."]
    base_rate: Annotated[float, "Of the group."]
    other_base_rate: Annotated[float, "Of the other one."]
    ppv: Annotated[float, "Of all rows of both groups, which both are to have."]
    fnr: Annotated[float, "Likewise."]
    fpr: Annotated[float, "What the group's false positive rate would then be."]
    other_fpr: Annotated[float, "What that of the other one would be."]
    mean_scores: Annotated[
        tuple[float, float, float, float] | None,
        "Where scores are probabilities: of the positive rows of the group and of the other one, "
        "then of the negative rows.",
    ] = None

    @property
    def sentence(self) -> str:
        """What follows for these groups."""
        return (
            f"{self.base_rate:.1%} of {self.group} and {self.other_base_rate:.1%} of {self.other} "
            f"are positive. Were precision ({self.ppv:.1%}) and false negative rate "
            f"({self.fnr:.1%}) the same for both, false positive rates would be {self.fpr:.1%} and "
            f"{self.other_fpr:.1%}: no threshold makes all three equal."
        )

    @property
    def of_scores(self) -> str | None:
        """What follows for scores that are probabilities; None where they are none."""
        if self.mean_scores is None:
            return None
        a, b, c, d = self.mean_scores
        return (
            f"Positive rows of {self.group} have a score of {a:.2f} on average, those of "
            f"{self.other} {b:.2f}; negative rows {c:.2f} and {d:.2f}. Scores that are calibrated "
            "in both groups cannot be equal in both of these, unless they are perfect."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the figures with their sentence."""
        return {**self.__dict__, "sentence": self.sentence, "of_scores": self.of_scores}


def implied_fpr(base_rate: float, ppv: float, fnr: float) -> float:
    """Return the false positive rate that the other three rates leave.

    Parameters
    ----------
    base_rate, ppv, fnr : float
        From 0 to 1, the base rate below 1 and the precision above 0.

    Returns
    -------
    float
        Chouldechova's identity; above 1 where no predictions have such rates.

    Examples
    --------
    >>> round(implied_fpr(0.5, 0.8, 0.2), 3)
    0.2
    """
    return base_rate / (1 - base_rate) * (1 - ppv) / ppv * (1 - fnr)


def impossibility(by: Sequence[Compared]) -> tuple[Impossibility, ...]:
    """Return what follows for the two groups of each column whose base rates differ most.

    Parameters
    ----------
    by : sequence of Compared
        Groups by single columns, of two classes.

    Returns
    -------
    tuple of Impossibility
        None of a column whose base rates are not shown to differ.
    """
    found = []
    for compared in by:
        top = compared.differences["base_rate"].largest
        cells = compared.measured.cells
        if top is None or top.low <= 0 or cells is None:
            continue
        pair = [top.highest, top.lowest]
        tp, fp, fn = (int(getattr(cells, name)[pair].sum()) for name in ("tp", "fp", "fn"))
        if not tp or not fp:
            continue
        ppv, fnr = tp / (tp + fp), fn / (fn + tp)
        rates = compared.measured.figures["base_rate"].values
        high, low = (float(rates[g]) for g in pair)
        groups = compared.family.groups
        found.append(Impossibility(
            compared.family.name, named(groups[pair[0]]), named(groups[pair[1]]), high, low,
            ppv, fnr, implied_fpr(high, ppv, fnr), implied_fpr(low, ppv, fnr),
            _mean_scores(compared, pair),
        ))  # fmt: skip
    return tuple(found)


def _mean_scores(
    compared: Compared, pair: Sequence[int]
) -> tuple[float, float, float, float] | None:
    """Return the mean score of positive and then of negative rows of two groups."""
    measured = compared.measured
    if measured.curves is None or measured.counts is None:
        return None
    counts = [measured.counts[g] for g in pair]
    means = [
        float(of.scores @ rows / rows.sum()) if rows.sum() else float("nan")
        for kind in ("positives", "negatives")
        for of in counts
        for rows in (getattr(of, kind),)
    ]
    return means[0], means[1], means[2], means[3]
