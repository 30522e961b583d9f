r"""k-means on the globe: centroids of places, on the sphere as the places are.

A place of latitude :math:`\phi` and longitude :math:`\lambda` is the unit vector
:math:`u = (\cos\phi\cos\lambda, \cos\phi\sin\lambda, \sin\phi)`, a centroid the direction of the
mean of its places, and with the Earth's radius R = 6371.0088 km

.. math:: J = R^2 \sum_{i=1}^n \lVert u_i - c_{l_i} \rVert^2

is the sum of squared chords, straight through the Earth. A chord grows with the distance over the
ground, :math:`2R \arcsin(\lVert u - c \rVert / 2)`, so that the nearest
centroid is nearest in both.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from further.cluster.alternating import AlternatingClusterer, Partition
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.distances import EARTH_RADIUS, check_coordinates
from further.cluster.spherical_kmeans import CosineDissimilarity
from further.data.preparation.column_decisions import LATITUDES, LONGITUDES
from further.errors import InputError

T = TypeVar("T")


def to_unit_vectors(degrees: Floats) -> Floats:
    """Return unit vectors, shape (n, 3), of latitudes and longitudes in degrees, shape (n, 2).

    Examples
    --------
    >>> to_unit_vectors(np.array([[0.0, 90.0], [-90.0, 0.0]])).round() + 0.0
    array([[ 0.,  1.,  0.],
           [ 0.,  0., -1.]])
    """
    latitude, longitude = np.radians(degrees).T
    around = np.cos(latitude)
    return np.column_stack(
        [around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude)]
    )


def to_degrees(vectors: Floats) -> Floats:
    """Return latitudes and longitudes, shape (k, 2), degrees; the longitude within -180 to 180."""
    x, y, z = vectors.T
    latitude = np.arctan2(z, np.hypot(x, y))
    return np.column_stack([np.degrees(latitude), np.degrees(np.arctan2(y, x))])


class GreatCircleKMeans(AlternatingClusterer):
    """k-means of places, by latitude and longitude in degrees.

    When to use: for coordinates, over any distance, poles and the line of 180 degrees included.
    When it fails: it knows no roads, seas and borders; and, as k-means, it looks for round
    clusters of alike width.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : "k-means++", "random" or array-like of shape (n_clusters, 2), default="k-means++"
        Initial centres: places drawn by greedy k-means++, places drawn uniformly, or given
        latitudes and longitudes.
    n_init, max_iter, random_state
        See :class:`~further.cluster.alternating.AlternatingClusterer`.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, 2)
        Latitude and longitude of the centroids, degrees.
    unit_centers_ : ndarray of shape (n_clusters, 3)
        The centroids as unit vectors.
    labels_ : ndarray of int, shape (n,)
        Cluster of each place.
    inertia_ : float
        Sum of squared chords between the places and their centroids, km². (``score_samples`` is
        minus the great-circle distance to the own centroid, km.)
    n_iter_ : int
        Iterations of the best initialisation.
    n_features_in_ : int
        2.

    Raises
    ------
    InputError
        In ``fit``, if there are fewer places than clusters, or no two columns of coordinates.

    References
    ----------
    Mardia and Jupp (2000), "Directional statistics", section 9.2.

    Examples
    --------
    >>> places = pd.DataFrame({"lng": [179.0, -179.0, 10.0, 12.0], "lat": [1.0, 1.0, 50.0, 50.0]})
    >>> model = GreatCircleKMeans(2, random_state=0).fit(places)
    >>> sorted(abs(model.cluster_centers_[:, 1]).round().tolist())
    [11.0, 180.0]
    """

    own_metric = "great_circle"
    customary_for = "coordinates"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the clusters of the places.

        Parameters
        ----------
        X : array-like of shape (n, 2) or DataFrame
            Latitude and longitude in degrees, in this order in an array; in a DataFrame the two
            columns may stand in any order if they are called latitude or lat and longitude, lon,
            lng or long.

        Raises
        ------
        InputError
            If there are other columns, a coordinate is out of range, or there are fewer places
            than clusters.
        """
        return super().fit(X)

    def _validated(self, X: Any, *, reset: bool) -> CosineDissimilarity:
        degrees = validate_data(self, _latitude_first(X), reset=reset, dtype=np.float64)
        return CosineDissimilarity(to_unit_vectors(check_coordinates(degrees, type(self).__name__)))

    def _given_centers(self, rows: CosineDissimilarity) -> Floats:
        given = check_coordinates(super()._given_centers(rows), f"{type(self).__name__}: init")
        return to_unit_vectors(given)

    def _keep(self, rows: CosineDissimilarity, best: Partition) -> None:
        self.unit_centers_ = best.centers
        self.cluster_centers_ = to_degrees(best.centers)
        self.inertia_ = 2 * EARTH_RADIUS**2 * best.inertia

    def _encoded_centers(self) -> Floats:
        return self.unit_centers_

    def _distances(self, rows: Any, costs: Floats) -> Floats:
        # A cost is half the squared chord.
        distances: Floats = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(costs / 2, 0.0, 1.0)))
        return distances


def _latitude_first(X: T) -> T | pd.DataFrame:
    """Return X with the latitude before the longitude, where it is a DataFrame that names them."""
    if not isinstance(X, pd.DataFrame) or X.shape[1] != 2:
        return X
    lower = [str(name).lower() for name in X.columns]
    latitude = [j for j, name in enumerate(lower) if name in LATITUDES]
    longitude = [j for j, name in enumerate(lower) if name in LONGITUDES]
    if not latitude and not longitude:
        return X
    if len(latitude) != 1 or len(longitude) != 1:
        raise InputError(
            f'GreatCircleKMeans: of the columns "{X.columns[0]}" and "{X.columns[1]}" one must be '
            "the latitude and one the longitude; call them latitude and longitude."
        )
    return X.iloc[:, [latitude[0], longitude[0]]]
