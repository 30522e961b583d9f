"""
The cheat sheet, measured
=========================

What do width, batch size and optimizer do to a multilayer perceptron on these rows? Each is changed
alone, in short trainings with several seeds.
"""

# %%
# The learning rate first: a range test with three seeds. The rate grows from step to step, and the
# loss is watched.

import matplotlib.pyplot as plt

from further import MLPClassifier
from further.data import load
from further.supervised.advice import advise
from further.supervised.range_test import range_test

data = load("wine")
model = MLPClassifier(hidden=(64, 64))
found = range_test(model, data)
print(f"The loss falls fastest at {found.rate:.2g} ({found.low:.2g} to {found.high:.2g})")
print(f"and rises from {found.limit:.2g} on.")

# %%
for curve in found.losses:
    plt.semilogx(found.rates[: len(curve)], curve)
plt.axvline(found.rate, color="grey", linestyle=":")
plt.xlabel("learning rate")
plt.ylabel("training loss, smoothed")

# %%
# Then one factor at a time. An interval that holds for all values together decides: most settings
# of a cheat sheet make no difference that a few seeds could show.

tried = {
    "hidden": [(8,)],
    "training.batch_size": [16],
    "training.optimizer": ["sgd"],
}
advice = advise(model, data, tried=tried, seeds=4)
for setting in advice.settings:
    print(f"{setting.name} = {setting.value}: {setting.advice}")
    for trial in setting.trials:
        print(f"    {trial.value}: {trial.difference:+.3f} ({trial.low:+.3f} to {trial.high:+.3f})")
