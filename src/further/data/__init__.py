"""Every way in: named sets, tables, picture folders, IDX and NumPy files, and their splits.

Examples
--------
>>> from further.data import load
>>> load("digits")
Dataset('digits', images, 1797 rows of 1 x 8 x 8, 10 classes)
"""

import lazy_loader

# The names stand in __init__.pyi, for editors too. No module has the name of a function: importing
# it would put the module in the function's place.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
