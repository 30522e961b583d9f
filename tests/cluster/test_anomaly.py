"""Detectors of anomalies on rows that someone has marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.cluster.anomaly import DETECTORS, anomaly_scores, compare_detectors
from further.errors import InputError
from further.evaluate.clustering.anomalies import MEASURES


def test_unknown_detector_is_refused():
    with pytest.raises(InputError, match="there are kmeans, dbscan"):
        anomaly_scores("autoencoder", np.zeros((9, 2)))


def test_detectors_on_mammography(real_data):
    table = pd.read_csv(real_data / "tables" / "mammography.csv", header=None)
    marked = table[6].str.strip("'").astype(int)
    # All marked rows and a third of the others: the whole table takes three times as long.
    chosen = (marked == 1) | (np.arange(len(table)) % 3 == 0)
    frame = compare_detectors(table.loc[chosen, range(6)].to_numpy(), marked[chosen])
    assert set(frame.index) == set(DETECTORS)
    assert frame["base_rate"].iloc[0] == pytest.approx((marked == 1).sum() / chosen.sum())
    # Every detector is better than a random order, beyond what drawing rows explains.
    assert (frame["roc_auc_low"] > 0.5).all()
    assert (frame["average_precision_low"] > frame["base_rate"]).all()
    assert frame.loc["isolation_forest", "roc_auc"] > 0.8
    for measure in MEASURES:
        assert (frame[f"{measure}_low"] <= frame[measure]).all()
        assert (frame[measure] <= frame[f"{measure}_high"]).all()
