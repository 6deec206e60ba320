"""At a tenth of the rate the loss of the linear network varies more along the gradient with batch norm.

Santurkar et al. 2018, figure 10 (a), late half, where ranges are 10^0.34 and 10^1.7 at step 4,000, 10^0.03
and 10^0.92 at step 8,000 (digitised, card SA18-8): the plain network rests on a plateau, which is flat. In
the pilot (seeds 50-59) at 1e-7 batch norm's range was 0.6 to 1.3 orders of magnitude larger in the median.
"""

from dataclasses import replace
from statistics import median

from bnref.evidence.claim import Effect, Rows, Substitution, grid
from bnref.evidence.verdict import above
from reproductions.deep_linear import linear_settings
from reproductions.santurkar_figures import LOSS_RANGE, spread
from reproductions.santurkar_tsipras_ilyas_madry_2018 import linear_loss_width
from reproductions.santurkar_tsipras_ilyas_madry_2018.linear_loss_width import compared


def rougher(rows: Rows) -> Effect:
    """Orders of magnitude of the median range of the loss, batch norm less no normaliser."""
    return compared(rows, 1e-7, lambda plain, bn: median(bn["spread"]) - median(plain["spread"]))


CLAIM = replace(
    linear_loss_width.CLAIM,
    id="SA18-8-linear-rate",
    locator="section 3.2, figure 10 (a), at the other rate of figure 3 (b)",
    statement="In a 25-layer linear network at rate 1e-7 the loss varies along the gradient, largest over "
    "least, over a range at least twice as large with batch normalisation as without (median over training).",
    settings=linear_settings(grid(norm=("batch_norm", "identity"), learning_rate=(1e-7,))),
    effect=rougher,
    region=above(0.3),
    unit="orders of magnitude, batch norm less no normaliser",
    figures=(LOSS_RANGE, spread()),
    substitution=Substitution(better="lower", margin=0.3),
)
