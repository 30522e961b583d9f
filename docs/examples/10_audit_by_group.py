"""
Who is it wrong about?
======================

A model refuses loans. Its scores are a little lower for one town, whatever people there do. The
audit needs no model: a table with the truth, the score and the town is enough.
"""

# %%
# Four thousand people, and a score that is 0.08 lower in the south.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import further

rng = np.random.default_rng(0)
n = 4000
town = rng.choice(["north", "south", "island"], n, p=[0.6, 0.39, 0.01])
repaid = rng.random(n) < 0.7
score = np.clip(rng.normal(0.45 + 0.2 * repaid - 0.08 * (town == "south"), 0.15), 0, 1)
table = pd.DataFrame({"repaid": repaid, "score": score, "town": town})

found = further.audit(table, label="repaid", score="score", threshold=0.5, group="town")
print(found.sentence)

# %%
# Every figure has an interval. The island has too few people to say much, and takes no part in the
# largest difference.

frame = found.to_frame()
shown = frame[frame["metric"].isin(["fpr", "fnr", "ppv"])]
print(shown.to_string(index=False, float_format="{:.3f}".format))
for note in found.notes:
    print("note:", note)

# %%
# What would make false negative rates equal? One threshold a town, and what it does to 1,000 people
# of each, on people by whom it was not picked.

of = found.trade_offs[0]
choice = of.choose("equal_fnr", 0.25)
print(dict(zip(of.to_json()["groups"], choice.thresholds.round(3).tolist(), strict=True)))

fig, ax = plt.subplots(figsize=(5, 4))
for name, fpr, fnr in zip(
    of.to_json()["groups"], of.rates("equal_fpr"), of.rates("equal_fnr"), strict=True
):
    ax.plot(fpr, fnr, label=name)
ax.set(xlabel="false positive rate", ylabel="false negative rate")
ax.legend()

# %%
# The same on the command line, where fixing a threshold asks who decided it and why:
#
# .. code-block:: text
#
#    further audit table.csv --label repaid --score score --threshold 0.5 --group town
#    further audit table.csv --label repaid --score score --group town \
#      --fix equal-fnr=0.25 --decided-by "Ada Lovelace" --reason "Overlooking costs all the same."
