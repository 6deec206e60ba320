"""Very deep residual networks train with batch norm and not with branches at full strength.

De & Smith 2020, section 3: SkipInit with alpha = 1, that is no normalisation and a trained scalar per
branch. In pilots it trains with 4 and 16 blocks and, with 64, in no seed at any rate.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import TRAINED_PROTOCOL, TRAINING, by_depth, trained, trains
from reproductions.residual_figures import by_rate, errors_by_depth, printed

FORMS = ("batch_norm", "skip_init_1")


def only_batch_norm(rows: Rows) -> float:
    """1 where batch norm trains the most blocks and alpha = 1 does not, -1 the other way round."""
    normalised, plain = (by_depth(rows, form)[-1] for form in FORMS)
    return float(trains(normalised)) - float(trains(plain))


CLAIM = Claim(
    id="DS20-4",
    headline="64 blocks need it",
    locator="section 3, table of version 1",
    statement="With 64 blocks a residual network trains with batch normalisation, and at no learning "
    "rate with branches at full strength and no normalisation, in most seeds.",
    protocol=TRAINED_PROTOCOL + TRAINING,
    settings=trained(*FORMS, thousand_layers=True),
    effect=only_batch_norm,
    region=above(0.5),
    unit="seeds that train, batch norm less alpha = 1",
    reported=(printed("batch norm, where alpha = 1 does not train", "batch_norm"),),
    figures=(
        errors_by_depth("Test error by depth with batch norm and with alpha = 1", *FORMS),
        by_rate("Test error with batch norm and with alpha = 1"),
    ),
)
