"""
Read a run from pandas
======================

A run is a folder that other tools read without further: JSON, CSV and Parquet. This is what is in
it, with pandas alone.
"""

# %%
# A model is trained on scikit-learn's iris, with 300 steps, and judged.

import json
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

import further

run = Path(mkdtemp()) / "run"
further.compare.train_model("vae", "iris", parameters={"budget": "300 steps"}, seed=0, out=run)
print(*sorted(path.name for path in run.iterdir() if path.name[0] != "."), sep="\n")

# %%
# ``run.json``: what was asked for, on which data, and what it took.

record = json.loads((run / "run.json").read_text())
for field in ("status", "model", "parameters", "data", "split", "steps", "seconds"):
    print(f"{field}: {record[field]}")

# %%
# ``history.csv``: the learning curves. ``fit_loss`` and ``val_loss`` are of the same weights, so
# that the gap between them is overfitting.

history = pd.read_csv(run / "history.csv")
later = history[history["step"] > 20]
ax = later.plot(x="step", y=["fit_loss", "val_loss"], figsize=(7, 3))
ax.set_ylabel("loss a row")

# %%
# ``evaluation.json``: every figure with its interval, and the ends of its scale.

evaluation = json.loads((run / "evaluation.json").read_text())
figures = pd.DataFrame(evaluation["models"][0]["metrics"]).T
print(figures[["value", "low", "high", "real", "noise"]].dropna(how="all").head(12))

# %%
# ``predictions.parquet``: what the model says of each held-out row. The least probable ones first:

predictions = pd.read_parquet(run / "predictions.parquet")
print(predictions.sort_values("score").head())
