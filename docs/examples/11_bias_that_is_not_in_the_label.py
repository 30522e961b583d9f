"""
Bias that is not in the label
=============================

Whom a generator leaves out, what a restoration invents, and which gender a translator chooses.
"""

# %%
# A generator that learnt from people of whom nine in ten women had been left out.

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors

import further

rng = np.random.default_rng(0)


def people(n):
    sex = rng.choice(["f", "m"], n)
    height = rng.normal(178, 7, n) - 13 * (sex == "f")
    weight = height - 100 + rng.normal(0, 9, n)
    return pd.DataFrame({"sex": sex, "height": height.round(), "weight": weight.round()})


held_out, training = people(900), people(1500)
kept = training[(training.sex == "m") | (rng.random(1500) < 0.1)]
generator = further.GaussianMixtureDensity(random_state=0).fit(kept)
found = further.audit_generator(generator, held_out, "sex", training=kept)
print(found.sentence)
print(found.to_frame().round(2).T)

# %%
# A super-resolution that never saw an 8 answers with the most similar digit that it knows.

X, kind = load_digits(return_X_y=True)
X, order = X.reshape(-1, 8, 8), rng.permutation(len(X))
known, new = order[:700], order[700:]
known = known[kind[known] != 8]


def degrade(rows):
    return rows.reshape(len(rows), 4, 2, 4, 2).mean(axis=(2, 4))


index = NearestNeighbors(n_neighbors=1).fit(degrade(X[known]).reshape(len(known), -1))


def look_up(rows):
    return X[known][index.kneighbors(rows.reshape(len(rows), -1))[1][:, 0]]


found = further.audit_restoration(look_up, X[new], kind[new], degrade)
print(found.sentence)
found.to_frame().set_index("group")[["mse", "invented", "recognised_clean", "recognised_restored"]]

# %%
# A linear map that learnt from the same digits invents little.

line = Ridge().fit(degrade(X[known]).reshape(len(known), -1), X[known].reshape(len(known), -1))


def smooth(rows):
    return line.predict(rows.reshape(len(rows), -1)).reshape(-1, 8, 8)


smoothed = further.audit_restoration(smooth, X[new], kind[new], degrade)
print(smoothed.sentence)
print(found.figures["invented"].values.round(1), smoothed.figures["invented"].values.round(1))

# %%
# A translator from Turkish, whose "o" has no gender, with a default.

WOMEN = {"hemşire", "sekreter", "kuaför", "temizlikçi"}


def translate(sentence):
    return "She is one." if sentence.rstrip(".").split()[-1] in WOMEN else "He is one."


found = further.audit_text(translate, "tr")
print(found.sentence)
found.to_frame().query("differs_from_real")[["occupation", "women", "low", "high", "real"]].round(2)
