"""A single batch norm before the classifier lets 64 blocks at full strength leave chance.

A reviewer's objection to De & Smith 2020: that near-identity blocks are not needed. The network is
invariant to the scale of its stream, and its paths are as deep as without normalisation.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import TRAINED_PROTOCOL, TRAINING, trained, trains
from reproductions.residual_figures import by_rate

FORMS = ("final_batch_norm", "skip_init_1")


def only_with_it(rows: Rows) -> float:
    """1 where 64 blocks train with the one batch norm and not with none, -1 the other way round."""
    one, none = (float(trains(rows.one(form=form))) for form in FORMS)
    return one - none


CLAIM = Claim(
    id="DS20-13-final",
    locator="review of the paper, on section 2",
    statement="With 64 blocks at full strength a single batch normalisation before the classifier "
    "makes a residual network train at some rate, where it does not without, in most seeds.",
    protocol=TRAINED_PROTOCOL + TRAINING,
    settings=trained(*FORMS, depths=(64,)),
    effect=only_with_it,
    region=above(0.5),
    unit="seeds that train, one batch norm less none",
    figures=(by_rate("Training with one batch norm or none, 64 blocks", y="train_accuracy"),),
)
