"""Exact k-means: the labels of float64 arithmetic, several times faster.

``lloyd`` is the iteration; ``selection`` chooses the code of its assignment step by the size of the
data: ``float64`` for small data, and otherwise the compiled ``assignment``, in ``tiles`` where
there are few features, by a ``full_pass`` or with bounds (``yinyang``) where there are many. How
all of them keep their data in memory is described in :mod:`further.cluster.exact.layout`.
"""
