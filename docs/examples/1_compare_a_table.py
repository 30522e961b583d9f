"""
Compare generative models on your own table
===========================================

Which model is right for this table? A comparison answers with one equal budget for all, figures
with intervals, and simple controls. The table is written by this script; put the name of your own
file in its place.
"""

# %%
# Four hundred homes, with a rent that depends on the area and on the kind of home.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import further

rng = np.random.default_rng(0)
n = 400
kind = rng.choice(["house", "flat"], n, p=[0.4, 0.6])
is_house = kind == "house"
area = np.where(is_house, rng.normal(140, 25, n), rng.normal(75, 18, n)).clip(25).round(1)
rooms = (area / 28 + rng.normal(0, 0.6, n)).round().clip(1, 9).astype(int)
rent = (6 * area + 180 * is_house + rng.normal(0, 70, n)).round(-1)
homes = pd.DataFrame({"area_m": area, "rooms": rooms, "rent_eur": rent, "kind": kind})

folder = Path(mkdtemp())
homes.to_csv(folder / "homes.csv", index=False)

# %%
# What is recognised in it, before anything is trained:

for note in further.data.load(folder / "homes.csv").notes:
    print(note)

# %%
# Two models and the three controls, each network with 300 steps: on a table of your own leave the
# budget out, and name no models to have them all.

comparison = further.compare.generative_models(
    folder / "homes.csv",
    models=["vae", "gan"],
    budget="300 steps",
    seed=0,
    jobs=1,
    out=folder / "run",
)
print(comparison.recommendation)

# %%
# Every figure has an interval, and stands between what noise and what real held-out rows score.

figures = comparison.to_frame()
chosen = figures.xs("coverage", level="metric")
print(chosen[["role", "value", "low", "high", "real", "noise"]].round(2))

# %%
# The same as a picture: the report draws it for every goal.

fig, ax = plt.subplots(figsize=(7, 2.5), layout="constrained")
ax.hlines(chosen.index, chosen["low"], chosen["high"], linewidth=3)
ax.plot(chosen["value"], chosen.index, "o")
ax.axvline(chosen["real"].iloc[0], color="black", linestyle=":", label="real held-out rows")
ax.axvline(chosen["noise"].iloc[0], color="grey", linestyle=":", label="noise")
ax.set(xlabel="coverage, 95 % interval", xlim=(-0.02, 1.02))
ax.legend()

# %%
# The members of a comparison are models like any other.

vae = comparison.load("vae")
print(vae.sample(5, random_state=0))
