"""From one neuron to a network: which class does a row belong to?"""

import lazy_loader

# The names stand in __init__.pyi, for editors too.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
