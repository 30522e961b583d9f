r"""What is measured of curves, once, for all conditions: levels, noise, minima, trends, gaps.

The noise of a curve :math:`l_t` is the robust deviation of its second differences,

.. math:: \hat\sigma = 1.4826 \operatorname{median} |l_{t+1} - 2 l_t + l_{t-1}| / \sqrt 6 ,

which a trend does not enter. What twice as many epochs would gain is foretold in two ways, and the
smaller gain counts: with :math:`g_1 = l(n/4) - l(n/2)` and :math:`g_2 = l(n/2) - l(n)`,

.. math:: \Delta_\text{power} = g_2 \min(1, g_2 / g_1), \qquad
   \Delta_\text{exp} = h_2 (r + r^2 + r^3 + r^4), \quad r = \min(1, h_2 / h_1)

where :math:`h_1, h_2` are the gains of the third and the last quarter: exact for a power of the
time and for an exponential. Of rows that are not learnt from less is gained, the less the further
the training loss is below theirs. Where the learning rate was logged, time is its sum up to then: a
schedule that ends at 0 flattens every curve, and twice the training is twice the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from further.trust.doctor.history import History, Series, Values
from further.trust.doctor.noise import noise_of
from further.trust.doctor.thresholds import AT_ONCE, LEARNT_AT_ONCE, TAIL
from further.trust.doctor.validation_set import telling_rows, validation_rows

_TINY = 1e-12


def smooth(values: Values) -> Values:
    """Return a running median of three and a running mean over a fifteenth of the values.

    Parameters
    ----------
    values : ndarray
        Finite.

    Returns
    -------
    ndarray
        As many; the ends are means of what there is.
    """
    if len(values) < 5:
        return values
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    values = np.concatenate([values[:1], middle, values[-1:]])
    half = max(1, len(values) // 30)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    first, last = np.maximum(places - half, 0), np.minimum(places + half + 1, len(values))
    found: Values = (sums[last] - sums[first]) / (last - first)
    return found


@dataclass(frozen=True)
class Curve:
    """A loss over the training, its finite values only.

    Attributes
    ----------
    at : ndarray
        Epochs or steps.
    values : ndarray
        Losses.
    clock : ndarray, optional
        The learning rate summed up to each place, where it was logged: what a schedule leaves of
        the training. By default the places themselves.
    """

    at: Values
    values: Values
    clock: Values | None = None

    @classmethod
    def of(cls, series: Series | None, rate: Series | None = None) -> Curve | None:
        """Return the finite part of a series; None of one that has none.

        Parameters
        ----------
        series : Series or None
            A loss.
        rate : Series, optional
            The learning rate.

        Returns
        -------
        Curve or None
            With the clock of the rate.
        """
        if series is None or not series.is_finite.any():
            return None
        # Beyond that nobody can add up what stands there.
        kept = series.is_finite & (np.abs(np.nan_to_num(series.values)) < 1e150)
        if not kept.any():
            return None
        return cls(series.at[kept], series.values[kept], _clock(series.at[kept], rate))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def smoothed(self) -> Values:
        """The values without their noise."""
        return smooth(self.values)

    @cached_property
    def noise(self) -> float:
        """Noise of the second half from row to row."""
        return noise_of(self.values[len(self.values) // 2 :])

    @cached_property
    def first(self) -> float:
        """The first value."""
        return float(self.values[0])

    @cached_property
    def last(self) -> float:
        """The level at the end: the median of the last tenth, of at least three."""
        n = max(3 if len(self) >= 10 else 1, int(TAIL * len(self)))
        return float(np.median(self.values[-n:]))

    @cached_property
    def lowest_row(self) -> int:
        """The row at which the smoothed curve is lowest."""
        return int(np.argmin(self.smoothed))

    @cached_property
    def lowest(self) -> float:
        """The level there."""
        return float(self.smoothed[self.lowest_row])

    @cached_property
    def lowest_at(self) -> float:
        """The epoch or step there."""
        return float(self.at[self.lowest_row])

    @cached_property
    def error(self) -> float:
        """Standard error of a difference of two levels."""
        n = max(1.0, TAIL * len(self))
        return self.noise * float(np.sqrt(2 / min(n, 5.0))) + _TINY

    @cached_property
    def is_positive(self) -> bool:
        """Whether all losses are positive, so that a percentage of them means something."""
        return bool((self.values > 0).all())

    def share(self, change: float) -> float:
        """Return a change relative to the last level, or to the range where losses go below 0."""
        if self.is_positive:
            return change / max(abs(self.last), _TINY)
        return change / max(self.first - self.lowest, _TINY)

    @cached_property
    def gain_to_come(self) -> float:
        """What twice as many epochs would gain, foretold from the trend; at least 0."""
        n = len(self)
        if n < 5:
            return 0.0
        quarter, half, three, end = (
            self._level(0.25),
            self._level(0.5),
            self._level(0.75),
            self._level(1),
        )
        gain_1, gain_2 = quarter - half, half - end
        late_1, late_2 = half - three, three - end
        if gain_2 <= 0 or late_2 <= 0:
            return 0.0
        ratio = min(1.0, gain_2 / max(gain_1, _TINY))
        late = min(1.0, late_2 / max(late_1, _TINY))
        return float(min(gain_2 * ratio, late_2 * sum(late**k for k in range(1, 5))))

    def _level(self, progress: float) -> float:
        """Return the smoothed value after a share of the training, by the clock."""
        clock = self.at if self.clock is None else self.clock
        place = clock[0] + progress * (clock[-1] - clock[0])
        return float(np.interp(place, clock, self.smoothed))

    @cached_property
    def monotone(self) -> float:
        """Share of the rows that are below the row before."""
        return float((np.diff(self.values) < 0).mean()) if len(self) > 1 else 0.0

    def half_time(self, start: float) -> float:
        """Return the share of the training after which half of the gain since ``start`` is made."""
        middle = (max(start, self.first) + self.lowest) / 2
        rows = np.flatnonzero(self.values <= middle)
        # A first row above the middle has cost an epoch that is not on the axis.
        length = max(self.at[-1] - self.at[0], _TINY)
        return float((self.at[rows[0]] - self.at[0]) / length) if len(rows) else 1.0


def _clock(at: Values, rate: Series | None) -> Values | None:
    """Return the integral of the learning rate up to each place; None where it was not logged."""
    if rate is None or rate.is_finite.sum() < 3:
        return None
    kept = rate.is_finite & (rate.values > 0) & (rate.values < 1e9)
    if kept.sum() < 3:
        return None
    rates = np.interp(at, rate.at[kept], rate.values[kept])
    between = (rates[1:] + rates[:-1]) / 2 * np.diff(at)
    found: Values = np.concatenate([[0.0], np.cumsum(between)])
    return found


@dataclass(frozen=True)
class Features:
    """The curves of a history, and what several conditions ask of them.

    Attributes
    ----------
    history : History
        What they are of.
    train, validation, fit : Curve or None
        As far as they are finite.
    """

    history: History
    train: Curve | None
    validation: Curve | None
    fit: Curve | None

    @classmethod
    def of(cls, history: History) -> Features:
        """Measure a history."""
        rate = history.learning_rate
        train, validation, fit = (
            Curve.of(series, rate) for series in (history.train, history.validation, history.fit)
        )
        return cls(history, train, validation, fit)

    @cached_property
    def learnt(self) -> Curve | None:
        """The loss that says most of what was learnt: of training rows, or of held-out ones."""
        return self.train or self.fit or self.validation

    @cached_property
    def own(self) -> Curve | None:
        """The training loss to compare the validation loss with: of the same weights, if there."""
        return self.fit or self.train

    @property
    def has_fit(self) -> bool:
        """Whether that is of the same weights in the same mode."""
        return self.fit is not None

    @cached_property
    def reference(self) -> float:
        """Loss of the constant predictor, or where it is not known the first loss."""
        if self.history.baseline is not None:
            return self.history.baseline
        firsts = [c.first for c in (self.train, self.fit, self.validation) if c is not None]
        return max(firsts, default=float("nan"))

    @cached_property
    def validation_reference(self) -> float:
        """The same of the validation rows, whose target may vary otherwise."""
        known = self.history.validation_baseline
        return self.reference if known is None else known

    def start_of(self, curve: Curve) -> float:
        """Return where a loss began: at the constant predictor's, or else at its first value."""
        if not self.knows_baseline:
            return curve.first
        return self.validation_reference if curve is self.validation else self.reference

    @property
    def knows_baseline(self) -> bool:
        """Whether the loss of the constant predictor is known."""
        return self.history.baseline is not None

    def of_reference(self, value: float) -> float:
        """Return a loss or a change relative to the loss of the constant predictor."""
        return value / max(abs(self.reference), _TINY)

    @cached_property
    def pair(self) -> tuple[Values, Values, Values] | None:
        """Places, training losses and validation losses side by side; None where they differ.

        Of what was logged between two validations the training loss is the mean; of a loss over an
        epoch that of two neighbours, since it is half an epoch behind.
        """
        own, validation = self.own, self.validation
        if own is None or validation is None or not self.history.comparable:
            return None
        inside = (validation.at >= own.at[0]) & (validation.at <= own.at[-1])
        at = validation.at[inside]
        if len(at) < 3:
            return None
        if len(own) > 2 * len(validation):
            edges = np.concatenate([[own.at[0] - 1], at])
            groups = np.searchsorted(edges, own.at, side="left") - 1
            sums = np.bincount(np.clip(groups, 0, len(at)), own.values, len(at) + 1)[: len(at)]
            counts = np.bincount(np.clip(groups, 0, len(at)), minlength=len(at) + 1)[: len(at)]
            known = counts > 0
            return at[known], sums[known] / counts[known], validation.values[inside][known]
        losses = np.interp(at, own.at, own.values)
        if not self.has_fit:
            ahead = np.append(losses[1:], losses[-1])
            losses = (losses + ahead) / 2
        return at, losses, validation.values[inside]

    @cached_property
    def gain_to_come(self) -> float:
        """What twice as many epochs would gain, of the validation loss where there is one.

        Where the validation loss falls by less than the training loss, overfitting begins, and the
        trend holds for that share alone; and nothing is gained beyond what is left of the training
        loss.
        """
        judge = self.validation or self.learnt
        if judge is None:
            return 0.0
        if self.pair is None:
            return judge.gain_to_come
        row = int(0.75 * (len(self.pair[0]) - 1))
        of_own, of_validation = (float(smooth(v)[row] - smooth(v)[-1]) for v in self.pair[1:])
        gain = judge.gain_to_come * min(1.0, max(of_validation, 0.0) / max(of_own, _TINY))
        if self.own is None or not judge.is_positive:
            return gain
        return gain * min(1.0, max(self.own.last, 0.0) / judge.last)

    @cached_property
    def validation_rows(self) -> tuple[int, bool]:
        """Number of validation rows, and whether it is more than a guess."""
        return validation_rows(self.history)

    @cached_property
    def telling_rows(self) -> float | None:
        """Number of those of which the loss is made; None where it is not known."""
        return telling_rows(self.history, *self.validation_rows)

    @cached_property
    def holds_elsewhere(self) -> float | None:
        """How far the validation loss ever came below a constant predictor's, relative to that.

        None where one of them is not known.
        """
        if self.validation is None or not self.knows_baseline:
            return None
        start = self.validation_reference
        return (start - self.validation.lowest) / max(abs(start), _TINY)

    @cached_property
    def learns_at_once(self) -> bool:
        """Whether the training loss is soon below a constant predictor's, by what rows share."""
        own = self.own
        if own is None or not self.knows_baseline:
            return False
        soon = own.half_time(self.reference) < AT_ONCE
        return soon and self.of_reference(own.last) < LEARNT_AT_ONCE

    @cached_property
    def gap(self) -> Values | None:
        """Validation loss less training loss, side by side."""
        return None if self.pair is None else self.pair[2] - self.pair[1]
