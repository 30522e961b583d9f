"""
From one neuron to a network
============================

What one neuron can compute, what it cannot, how a perceptron moves its line until no row is on the
wrong side, and how many numbers a network learns.
"""

# %%
# A neuron of 1943 from its truth table, and all thresholds that realise it.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

import further
from further.errors import InputError
from further.supervised import McCullochPittsNeuron, truth_table

for name, function in {"AND": lambda a, b: a and b, "OR": lambda a, b: a or b}.items():
    neuron = McCullochPittsNeuron().fit(*truth_table(function, 2))
    low, high = neuron.thresholds_
    print(f"{name}: weights {neuron.weights_}, threshold above {low:g} and at most {high:g}")

# %%
# No neuron computes XOR, and here is why.

X, exclusive = truth_table(lambda a, b: a != b, 2)
try:
    McCullochPittsNeuron().fit(X, exclusive)
except InputError as error:
    print(error)

# %%
# Two layers do: the AND of an OR and a NOT AND.

not_both = McCullochPittsNeuron().fit(*truth_table(lambda a, b: not (a and b), 2))
hidden = np.column_stack([McCullochPittsNeuron.OR().predict(X), not_both.predict(X)])
print(McCullochPittsNeuron.AND().predict(hidden), "=", exclusive)

# %%
# A perceptron learns which irises are setosa, from the length and width of the sepal. Both columns
# are standardised: with the raw ones, whose origin is far away, it takes over a thousand updates.

flowers, species = load_iris(return_X_y=True)
flowers, is_setosa = StandardScaler().fit_transform(flowers[:, :2]), species == 0
model = further.Perceptron(order="given").fit(flowers, is_setosa)
steps = model.steps_
print(steps.to_frame().round(2))
print(f"{model.n_updates_} updates in {model.n_iter_} passes; {model.bound_reason_}.")

# %%
# Its line at successive steps: the row that has just moved it is circled.

shown = np.unique(np.linspace(0, len(steps) - 1, 6).round().astype(int))
fig, axes = plt.subplots(2, 3, figsize=(8, 5), sharex=True, sharey=True, layout="constrained")
ends = np.array([-2.2, 2.8])
for ax, i in zip(axes.flat, shown, strict=False):
    for group, colour, marker in ((True, "#0072b2", "o"), (False, "#e69f00", "^")):
        rows = flowers[is_setosa == group]
        ax.scatter(*rows.T, s=10, c=colour, marker=marker)
    (w1, w2), bias = steps.weights[i], steps.bias[i]
    if w2:  # a line without a slope in the second column is vertical
        ax.plot(ends, -(w1 * ends + bias) / w2, color="black")
    ax.scatter(*flowers[steps.row[i]], s=90, facecolors="none", edgecolors="black")
    ax.set(title=f"update {i + 1}: {steps.errors[i]} wrong", xlim=ends, ylim=(-2.8, 3.4))
fig.supxlabel("sepal length, standardised")
fig.supylabel("sepal width, standardised")

# %%
# The number of rows on the wrong side does not fall at every update; that it ends is certain.

fig, ax = plt.subplots(figsize=(7, 2.5), layout="constrained")
ax.step(range(1, len(steps) + 1), steps.errors, where="post")
ax.set(xlabel="update", ylabel="rows on the wrong side")

# %%
# A network of many neurons: what it learns, and the way forward as products of matrices.

net = further.explain_architecture("3-5-2-1")
print(net.to_text())
print(net.to_frame()[["weights", "biases", "parameters", "formula", "product"]])
print(net.parameters, "parameters:", net.chain)

# %%
# What is decided and not learnt:

for one in net.hyperparameters:
    print(f"{one.of}: {one.name}: {one.value}")
