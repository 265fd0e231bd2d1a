"""Figures, a module for each kind: tables in, pictures out.

They are drawn under matplotlib's rcParams as they are; `run_style` is a context in which they look as those of a run.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
