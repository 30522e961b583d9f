"""What structure is in a table? Clustering, anomalies, how many clusters, and what they are."""

import lazy_loader

# The names stand in __init__.pyi, for editors too. No module has the name of a function: importing
# it would put the module in the function's place.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
