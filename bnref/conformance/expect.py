"""Known deviations, kept in a file of the one who runs the kit.

[deviates]
running_variance_is_of_the_declared_kind = "biased since 2019, too late to change"
"""

from __future__ import annotations

import tomllib
from pathlib import Path


class ExpectError(ValueError):
    """The file of known deviations cannot be used; the message is one line."""


def read(path: Path) -> dict[str, str]:
    """The reason of each check that is expected to fail."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ExpectError(f"{path}: {' '.join(str(error).split())}") from error
    deviates = document.pop("deviates", None)
    if document or not isinstance(deviates, dict):
        raise ExpectError(f"{path}: expected one table, [deviates], of check = reason")
    for check, reason in deviates.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ExpectError(f"{path}: {check} needs a reason, a string")
    return deviates
