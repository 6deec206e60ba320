"""What the doctor says: one thing that is wrong, risky or worth knowing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["wrong", "risky", "note"]
SEVERITIES: tuple[Severity, ...] = ("wrong", "risky", "note")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One diagnosis of one module.

    `seen` is what was measured, with its numbers; `why` one sentence on why it matters, `link`
    where it happened to somebody; `do` what to change. `module` is "" for the model itself.
    """

    severity: Severity
    diagnosis: str
    module: str
    seen: str
    why: str
    link: str
    do: str
