"""k-means on the globe: the date line, the poles, names of columns, the airports of the USA."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import vega_datasets
from sklearn.metrics.pairwise import haversine_distances

from further.cluster.dissimilarity.distances import EARTH_RADIUS
from further.cluster.great_circle_kmeans import GreatCircleKMeans, to_degrees, to_unit_vectors
from further.errors import InputError


@pytest.fixture(scope="module")
def airports():
    return vega_datasets.data.airports()[["longitude", "latitude"]]


def kilometres(places, centers):
    return haversine_distances(np.radians(places), np.radians(centers)) * EARTH_RADIUS


def test_one_place_over_the_date_line_and_one_at_the_pole():
    X = np.array([[0.0, 179.0], [0.0, -179.0], [0.0, 181.0], [89.0, 0.0], [89.0, 180.0]])
    model = GreatCircleKMeans(2, random_state=0).fit(X)
    np.testing.assert_array_equal(
        model.labels_ == model.labels_[0], [True, True, True, False, False]
    )
    west, pole = model.cluster_centers_[model.labels_[[0, 3]]]
    assert abs(west[1]) == pytest.approx(180 - 1 / 3, abs=1e-3)
    assert pole[0] == pytest.approx(90)


def test_inertia_by_hand():
    # Two places 60 degrees apart on the equator: chords of 2 sin 15 degrees to the middle.
    model = GreatCircleKMeans(1).fit([[0.0, 0.0], [0.0, 60.0]])
    np.testing.assert_allclose(model.cluster_centers_, [[0.0, 30.0]], atol=1e-9)
    assert model.inertia_ == pytest.approx(2 * (2 * EARTH_RADIUS * np.sin(np.radians(15))) ** 2)
    score = model.score_samples([[0.0, 0.0], [0.0, -150.0]])
    np.testing.assert_allclose(score, [-np.pi / 6 * EARTH_RADIUS, -np.pi * EARTH_RADIUS])


def test_degrees_and_back():
    places = np.column_stack([np.linspace(-89, 89, 50), np.linspace(-179, 180, 50)])
    np.testing.assert_allclose(to_degrees(to_unit_vectors(places)), places, atol=1e-9)


def test_airports_belong_to_the_nearest_centroid(airports):
    model = GreatCircleKMeans(8, random_state=0).fit(airports)
    places = airports[["latitude", "longitude"]].to_numpy()
    apart = kilometres(places, model.cluster_centers_)
    np.testing.assert_array_equal(model.labels_, apart.argmin(axis=1))
    np.testing.assert_allclose(-model.score_samples(airports), apart.min(axis=1), atol=1e-6)
    # A centroid moved by a tenth of a degree is worse for its own places.
    chords = (2 * EARTH_RADIUS * np.sin(apart / (2 * EARTH_RADIUS))) ** 2
    assert model.inertia_ == pytest.approx(chords.min(axis=1).sum())
    for step in ([0.1, 0.0], [0.0, -0.1]):
        moved = kilometres(places, model.cluster_centers_ + step)
        own = np.take_along_axis(moved, model.labels_[:, None], axis=1)
        assert (4 * EARTH_RADIUS**2 * np.sin(own / (2 * EARTH_RADIUS)) ** 2).sum() > model.inertia_
    # Guam, beyond the date line from the mainland, is no part of it.
    guam = model.predict(pd.DataFrame({"longitude": [144.8], "latitude": [13.5]}))
    assert (model.labels_ == guam).sum() < 100


def test_names_and_order_of_columns(airports):
    swapped = airports[["latitude", "longitude"]]
    a, b = (GreatCircleKMeans(4, random_state=0).fit(X) for X in (airports, swapped))
    np.testing.assert_array_equal(a.labels_, b.labels_)
    c = GreatCircleKMeans(4, random_state=0).fit(swapped.to_numpy())
    np.testing.assert_array_equal(a.labels_, c.labels_)
    assert list(a.feature_names_in_) == ["latitude", "longitude"]
    short = airports.rename(columns={"latitude": "LAT", "longitude": "Lng"})
    assert GreatCircleKMeans(4, random_state=0).fit(short).inertia_ == pytest.approx(a.inertia_)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"lat": [1.0], "height": [2.0]}), 'of the columns "lat" and "height"'),
        (pd.DataFrame({"lon": [1.0], "lng": [2.0]}), 'of the columns "lon" and "lng"'),
        ([[12.0, 5.0, 3.0]], "X has 3 columns; give two"),
        ([[120.0, 5.0]], "latitude in row 0 is 120"),
    ],
)
def test_other_columns_are_refused(X, message):
    with pytest.raises(InputError, match=message):
        GreatCircleKMeans(1).fit(X)
