"""
Choose the number of clusters
=============================

``choose_k`` asks several criteria, turns their answers into one by a stated rule, and says which
disagree. Where rows without structure would look the same, the answer is 1.
"""

# %%
# Four groups in the plane.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs

import further

centres = [[0, 0], [7, 0], [0, 7], [7, 7]]
X, _ = make_blobs(240, centers=centres, cluster_std=1.0, random_state=0)
choice = further.choose_k(X, k_max=7, random_state=0)
print(choice.k, "-", choice.sentence)

# %%
# Each criterion with its own answer, the gap statistic among them.

for criterion in choice.criteria:
    print(f"{criterion.label}: {criterion.k}. {criterion.note}")

# %%
# The values by number of clusters, as a table and as pictures.

table = choice.to_frame()
print(table.round(3))
names = [name for name in ("silhouette", "gap") if name in table]
fig, axes = plt.subplots(1, len(names), figsize=(7, 2.5), layout="constrained", squeeze=False)
for ax, name in zip(axes.flat, names, strict=True):
    ax.plot(table.index, table[name], "o-")
    ax.axvline(choice.k, linestyle=":", color="black")
    ax.set(xlabel="number of clusters", title=name)

# %%
# One cloud of rows has no clusters, whatever the elbow of the inertia looks like.

cloud = np.random.default_rng(0).normal(size=(240, 2))
print(further.choose_k(cloud, k_max=7, random_state=0).sentence)
