"""The project's own layer, bnref.norms.batch_norm, run eagerly on the CPU."""

from __future__ import annotations

from bnref import __version__
from bnref.conformance.adapters import torch_module
from bnref.norms.batch_norm import BatchNorm

ADAPTER = torch_module.adapter(
    "bnref.norms.batch_norm",
    lambda c: BatchNorm(c.channels, c.eps, c.momentum, c.affine, c.track),
    version=__version__,
    default=lambda: BatchNorm(3),
    deviates={
        "an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected, as in torch",
        "recomputation_updates_the_statistics_once": "recomputing is a second step, as in torch",
    },
)
