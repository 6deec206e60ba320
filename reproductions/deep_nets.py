"""Beds of deep residual networks: without a normaliser, with one before the classifier, with all."""

from collections.abc import Mapping

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Row, Rows, Setting
from reproductions.beds import FASHION

PLAIN = Arm("identity", {"norm": "identity", "where": "every"})
LAST = Arm("last-batch_norm", {"norm": "batch_norm", "where": "last"})
FULL = Arm("batch_norm", {"norm": "batch_norm", "where": "every"})

RESNET: Mapping[str, Value] = {**FASHION, "net": "resnet", "batch_size": 128}

START = Setting(
    experiment="bnref.lab.experiments.deep_start",
    arms=(PLAIN, LAST, FULL),
    seeds=20,
    fixed={**RESNET, "blocks": 18, "width": 16},
)
"""ResNet-110 as in the paper, on 14x14 images. In pilots loss 300 without and 6 with batch norm."""

AT_START = {"small": START, "smoke": START.shrunk(blocks=2, width=4, batch_size=32)}

START_PROTOCOL = (
    "ResNet-110 (54 post-activation blocks of 16, 32 and 64 channels, Xavier initialisation) on one "
    "batch of 128 14x14 images of Fashion-MNIST, not trained, normalisers in training mode. Arms: no "
    "normaliser, batch norm of the averaged features only, batch norm behind every convolution. "
)


def three(rows: Rows) -> tuple[Row, Row, Row]:
    """No normaliser, the last layer's only, and every layer's (batch norm or what replaces it)."""
    plain = rows.one(norm="identity")
    (last,) = rows.where(where="last")
    (full,) = (row for row in rows.where(where="every") if row is not plain)
    return plain, last, full
