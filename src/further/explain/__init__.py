"""What is in a model, and what does it do?"""

import lazy_loader

# The names stand in __init__.pyi, for editors too. No module has the name of a function.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
