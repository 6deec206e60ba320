"""Very deep residual networks train with batch norm and not with branches at full strength.

De & Smith 2020, section 3: SkipInit with alpha = 1, that is no normalisation and a trained scalar per
branch. In pilots it trains with 4 and 16 blocks and, with 64, in no seed at any rate.
"""

from bnref.evidence.claim import Claim, Reported, Rows
from bnref.evidence.verdict import above
from reproductions.residual import TRAINED_PROTOCOL, TRAINING, error_curve, trained, trains


def only_batch_norm(rows: Rows) -> float:
    """1 where batch norm trains 64 blocks and alpha = 1 does not, -1 the other way round."""
    normalised, plain = (rows.one(form=form, depth=64) for form in ("batch_norm", "skip_init_1"))
    return float(trains(normalised)) - float(trains(plain))


CLAIM = Claim(
    id="DS20-4",
    locator="section 3, table of version 1",
    statement="With 64 blocks a residual network trains with batch normalisation and at no "
    "learning rate without normalisation and with branches at full strength, in most seeds.",
    protocol=TRAINED_PROTOCOL + TRAINING,
    settings=trained("batch_norm", "skip_init_1"),
    effect=only_batch_norm,
    region=above(0.5),
    unit="seeds that train, batch norm less alpha = 1",
    reported=(
        Reported(
            metric="test accuracy of batch norm, 100 layers, where alpha = 1 does not train (%)",
            value=94.7,
            source="table of version 1, CIFAR-10",
        ),
    ),
    figures=(error_curve("Test error with batch norm and with alpha = 1"),),
)
