"""The nouns the sandbox serves, one file each: shape, parameters, rules. Every module here is found and imported."""

import importlib
import pkgutil


def discover() -> None:
    """Import every noun module, so that its routes, pages, tasks and settings are registered."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
