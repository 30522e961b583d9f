"""
Compare generative models on pictures
=====================================

The same comparison on scikit-learn's handwritten digits, 8x8 pixels of 17 grey levels. In place of
``"digits"`` goes the name of a folder of pictures, with or without a folder for each class.
"""

# %%
# One model with 300 steps, and the controls. `further compare digits` on the command line takes
# all models and a budget that is worth judging.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

import further

comparison = further.compare.generative_models(
    "digits",
    models=["vae"],
    budget="300 steps",
    seed=0,
    jobs=1,
    out=Path(mkdtemp()) / "run",
)
print(comparison.recommendation)

# %%
# What a classifier learns from generated digits, judged on real ones, beside the controls. The copy
# of the training set does well here; that it is a copy shows in the second figure, the share of
# samples that lie nearer to a training row than held-out rows do.

figures = comparison.to_frame()["value"].unstack("metric")
print(figures[["synthetic_to_real_accuracy", "memorization"]].round(2))

# %%
# Samples of the digit 3, and those of all classes.

vae = comparison.load("vae")
threes = vae.sample(8, y=np.full(8, 3), random_state=0)
some, labels = vae.sample(8, return_y=True, random_state=0)

fig, axes = plt.subplots(2, 8, figsize=(7, 2), layout="constrained")
for ax, row in zip(axes.flat, np.concatenate([threes, some]), strict=True):
    ax.imshow(np.asarray(row).reshape(8, 8), cmap="gray_r")
    ax.set_axis_off()
print("second row:", *labels)
