"""What a normaliser says about itself to enter every check and every experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import nn


@dataclass(frozen=True, kw_only=True)
class Norm:
    """One normaliser, as data.

    `build(channels)` returns a fresh layer in training mode for inputs (N, C, ...).
    `pools_over` names what one mean and one variance are taken over, `source` the paper and its
    section, `conventions` every choice on which implementations differ (which variance, what
    momentum weighs, training versus evaluation). `deviates` maps a conformance check to the reason
    why it fails.
    """

    name: str
    build: Callable[[int], nn.Module]
    pools_over: str
    source: str
    conventions: str
    deviates: Mapping[str, str] = field(default_factory=dict)
