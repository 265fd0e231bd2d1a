"""Architectures, by the name the configuration calls them: each one object is the prior of the networks and their
NNGP kernel.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
