"""Data sets, by the name the configuration calls them, and the binary tasks drawn from them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
