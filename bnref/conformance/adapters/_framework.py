"""A package that need not be installed: imported when it is used, with a reason where it is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bnref.conformance.implementation import NotAnImplementation


class Framework:
    """A module by its name. Its attributes are the module's; the first one asked for imports it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        try:
            module = import_module(self._name)
        except ImportError as error:
            package = self._name.partition(".")[0]
            reason = f"{package} is not installed here (pip install 'bnref[frameworks]'): {error}"
            raise NotAnImplementation(reason) from error
        return getattr(module, attribute)
