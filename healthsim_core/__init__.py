"""HealthSim's core: the public names that a plugin uses, each imported when it is first used (see __init__.pyi)."""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
