"""Every number at which the doctor changes its mind, in one place, each with its reason.

They are relative: to the level of the loss, to the loss of the constant predictor, or to the noise
of the curve itself, so that no unit of a loss is in them.
"""

from __future__ import annotations

#: Gain that a change of the training must promise to be worth a finding. A fault counts as present
#: where undoing it improves an untouched test loss by as much.
WORTH = 0.05
#: Gain that the trend must foretell to be a problem. Trends foretell too much as often as too
#: little: of less, which is worth having all the same, it is a note.
FORETOLD = 0.15
#: Share of its height at which a learning rate that falls ever faster has not come to its end: the
#: schedule was made for a longer training.
UNFINISHED = 0.2
#: Share of the rows in which the learning rate rises, in a training that its warm-up was not made
#: for, and share of its last value below which it begins.
WARM_UP, WARMED_UP = 0.5, 0.9
#: Rows of a curve below which its shape is not judged: three points make no trend.
LEAST_ROWS = 5
#: Standard errors that a difference must exceed; two would be reached by chance once in twenty
#: curves, and each is asked a dozen questions.
SURE = 3.0
#: Share of the rows at the end of a curve whose median is its last level.
TAIL = 0.1

#: Loss at the end, relative to that at the start or of the constant predictor, above which a
#: training has gone wrong and not merely nowhere: untrained networks start up to a few per cent
#: above the constant predictor.
DIVERGED = 1.1
#: Highest mean training loss of a row, relative to that of the constant predictor, that no sound
#: training has: the highest of a healthy one in the benchmark was 1.12 times.
BAD_START = 3.0
#: Loss of two classes before anything is learnt, log 2, however rare one of them is, and however
#: little loss a constant predictor then has.
UNTRAINED = 0.7
#: Progress, relative to the loss of the constant predictor, below which nothing was learnt. Class
#: frequencies alone can give a few per cent.
NOT_LEARNING = 0.02
#: The same relative to the first loss, where that of the constant predictor is not known.
NOT_MOVING = 0.005
#: Training loss relative to that of the constant predictor above which a network has not learnt its
#: rows by heart, whatever became of the validation loss.
BY_HEART = 0.5
#: The same below which, and share of the training in which half of that, something was learnt at
#: once, as no network learns rows by heart: it is there, in the training rows alone.
LEARNT_AT_ONCE, AT_ONCE = 0.85, 0.12
#: Change, relative to the level, of a loss that stands still after its first tenth.
STILL = 0.01
#: Rise of the training loss itself from its lowest level, relative to it. Shuffling and dropout
#: move it less; overfitting does not raise it at all.
TRAIN_RISE = 0.15
#: The same relative to the loss of the constant predictor: a loss near 0 may rise tenfold and mean
#: nothing.
TRAIN_RISE_OF_BASELINE = 0.03
#: Noise of the training loss from row to row in its second half, relative to its level, of a step
#: size that keeps the weights jumping. Means over an epoch have less than a tenth of it.
TRAIN_NOISE = 0.3
#: The same relative to the loss of the constant predictor.
TRAIN_NOISE_OF_BASELINE = 0.02
#: Noise of the loss in evaluation mode, of training rows and of others, relative to its level and
#: to the constant predictor's, of weights that jump, whatever the mean over an epoch shows.
WEIGHTS_NOISE, WEIGHTS_NOISE_OF_BASELINE = 0.1, 0.06
#: Part of its highest value at which a learning rate has come to rest: what jumped before that, as
#: under a rate that rises and falls several times, was meant to.
COME_DOWN = 0.1
#: Share of rows in which a too small step size still lowers the loss; noise breaks that at others.
MONOTONE = 0.95
#: Share of the training that half of its gain takes, above which the steps are too small: a loss
#: curve of a good step size has half its gain in the first few per cent.
SLOW_HALF = 0.12
#: Gain that twice the training promises, relative to the gain so far, that says the same of a loss
#: that has hardly moved, relative to that of the constant predictor.
AS_MUCH_AGAIN, HARDLY_MOVED = 0.4, 0.2
#: Fewest rows for that, since a training of few epochs has no time for anything else.
LEAST_ROWS_SLOW = 12
#: Gain that the trend of such a curve must foretell, by its number of rows: the more there are, the
#: better it does so.
FORETOLD_SLOW = {12: 0.15, 24: 0.12, 40: 0.1}
#: Loss at the end relative to that of the constant predictor, above which much is unexplained, and
#: above which hardly anything is explained: the one is a note, since tasks with noise end there.
UNDERFITTED, HARDLY_EXPLAINED = 0.6, 0.87
#: Rise of the validation loss from its lowest, relative to that of the constant predictor, below
#: which it is nothing: where a task is nearly solved a few rows move a small loss. The second where
#: more rows than a few are known to make that loss.
RISE_OF_BASELINE, RISE_OF_MANY_ROWS = 0.03, 0.005
#: Rows that are predicted wrongly, or rows in all of a number, of which the loss is a sound mean:
#: its standard error is about a seventh of it.
MANY_ROWS = 50
#: Gap between validation and training loss, relative to the latter, below which there is none.
NO_GAP = 0.07
#: Share of the rows that a plateau lasts at least.
PLATEAU = 0.15
#: Fewest rows of a plateau.
LEAST_PLATEAU = 5
#: Change within a plateau, and of the drop after it, relative to the range of the curve.
PLATEAU_CHANGE, PLATEAU_DROP = 0.03, 0.2
#: Validation loss below the training loss, relative to the latter, that no half epoch explains.
BELOW = 0.1
#: The same relative to the loss of the constant predictor: near 0 chance makes large ratios.
BELOW_OF_BASELINE = 0.02
#: What dropout or augmentation adds to the training loss, relative to that of the constant
#: predictor, and how far it lifts it above the validation loss, where it costs more than it saves.
LIFTED, LIFTED_ABOVE = 0.1, 0.05
#: Share of the rows of the second half in which it is below.
MOSTLY = 0.9
#: Noise of the validation loss from row to row, relative to its level, with which the best epoch is
#: a matter of luck.
VALIDATION_NOISE = 0.05
#: Rows of a validation set that jumps for another reason than its size.
LARGE_VALIDATION = 100
#: Rows of a validation set whose accuracy is off by 8 points as often as not (one standard error
#: where nine of ten are right), whether its loss jumps or not.
TINY_VALIDATION = 16
#: How much noisier than the training loss it has to be: else both jump, and the step size does it.
NOISIER = 3.0
#: Loss of validation rows relative to that of the constant predictor that is too good to be true
#: where the training loss is as low: MNIST, as easy as tasks get, ends around 0.01.
TOO_GOOD = 0.015
#: The same whatever the training loss is.
SOLVED = 0.003
#: How far the validation loss is above such a training loss, relative to the larger, at most.
SAME_LOSS = 0.6
#: How far it is below the loss of the same weights in the same mode, relative to the larger, where
#: rows are easier, and not rows that were seen.
EASIER = 0.35
#: Loss relative to that of the constant predictor at which so much is learnt that rows which were
#: never seen have a clearly higher loss than the training rows: without a gap they were seen. Easy
#: tasks come to twice that with a sound split.
LEARNT = 0.035
#: The same of a network that could know its rows by heart, since it has a parameter for each, and
#: how far the validation loss may be above. Where few rows make the loss it may be chance.
LEARNT_BY_HEART, NEARLY_NO_GAP, SEVERAL_ROWS = 0.25, 0.1, 5
#: Accuracy and the like above which nobody is without a reason, and loss relative to that of the
#: constant predictor at which a large validation set shows it.
PERFECT, PERFECT_OF_MANY = 0.999, 0.1
#: Training loss relative to that of the constant predictor below which something is learnt.
STARTED = 0.8
#: Gap at the first rows that overfitting had no time to make, relative to what was learnt by then:
#: most of it does not hold for other rows.
EARLY_GAP_LEARNT = 0.7
#: The same relative to the training loss, which it has to exceed as well.
EARLY_GAP = 0.3
#: How much that ratio may change by, relative to the early one, and still be the same.
SAME_GAP = 0.5
#: Loss of the discriminator, relative to its first, below which it has won, and the rise of the
#: generator's loss from its lowest that goes with it.
DISCRIMINATOR_LOW, GENERATOR_RISE = 0.3, 1.5
#: Accuracy of a discriminator that nothing fools.
DISCRIMINATOR_ACCURACY = 0.97
#: Diversity of samples at the end, relative to its highest, below which modes were lost.
COLLAPSED = 0.5
#: Fall of the learning rate, as a factor, that explains a drop of the loss.
RATE_DROP = 0.6
#: Largest number of rows that a validation set is looked for in the steps of its accuracy.
MOST_ROWS_COUNTED = 2000
