"""
Cluster a table of numbers and categories
=========================================

Numbers, categories and missing values in one table: what clusters are in it, if any? What is
decided about each column is said, and so is how far the clusters can be trusted.
"""

# %%
# Three kinds of customers, which the table does not name.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import further

rng = np.random.default_rng(0)
kinds = rng.integers(0, 3, 300)
customers = pd.DataFrame(
    {
        "customer_id": np.arange(1000, 1300),
        "age": rng.normal(np.choose(kinds, [25, 45, 70]), 4),
        "orders_a_year": rng.poisson(np.choose(kinds, [25, 12, 3])),
        "pays_by": np.where(
            rng.random(300) < 0.9, np.choose(kinds, ["phone", "card", "invoice"]), "card"
        ),
        "newsletter": rng.random(300) < np.choose(kinds, [0.1, 0.5, 0.9]),
    }
).round(1)
customers.loc[::60, "age"] = np.nan

# %%
# `further cluster customers.csv` does the same and prints the same notes.

clustering = further.compare.cluster_table(customers, seed=0, out=Path(mkdtemp()) / "run")
for note in clustering.evaluation["notes"]:
    print(note)

# %%
# The answer, and what each cluster is.

print(clustering.sentence)
for cluster in clustering.evaluation["profile"]:
    print(f"\ncluster {cluster['cluster']}, {cluster['size']} rows, rule: {cluster['rule']}")
    for feature in cluster["features"]:
        print("-", feature["text"])

# %%
# Every row with its cluster, as ``assignments.csv`` has it, beside the kinds that were hidden.

rows = clustering.to_frame()
print(pd.crosstab(rows["cluster"], pd.Series(kinds, name="kind")))

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for cluster, members in rows.groupby("cluster"):
    ax.scatter(members["age"], members["orders_a_year"], s=12, label=f"cluster {cluster}")
ax.set(xlabel="age", ylabel="orders a year")
ax.legend()

# %%
# New rows are given to the clusters. A distance between rows of both kinds, Gower's, serves methods
# that take any distance.

print(further.compare.predict_clusters(clustering.path, customers.head(3)))
features = customers.drop(columns="customer_id").astype({"newsletter": str})
medoids = further.KMedoids(n_clusters=3, metric="gower", random_state=0).fit(features)
print(features.iloc[medoids.medoid_indices_])
