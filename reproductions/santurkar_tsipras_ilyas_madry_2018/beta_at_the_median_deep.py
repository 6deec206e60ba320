"""The same as SA18-10-median on the deep net.

In the pilot (seeds 50-53) medians were 19 to 23 without a normaliser and 16 to 19 with batch norm, close to
2 / rate = 20. But 20 is also what any network has whose gradient has turned away at the smallest step of
the grid, ||g|| / (eta ||g||) at eta = rate / 2: agreement would not tell which of the two it is.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Substitution
from bnref.evidence.verdict import within
from reproductions.deep_perceptrons import DEEP_LANDSCAPE, DEEP_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import BETA
from reproductions.santurkar_tsipras_ilyas_madry_2018.beta_at_the_median import (
    QUARTER,
    departure,
)

SETTING = replace(DEEP_LANDSCAPE, seeds=20)

CLAIM = Claim(
    id="SA18-10-median-deep",
    locator="section 3.2, figure 4 (c)",
    statement="In a network of ten hidden layers the median effective beta-smoothness is 2 / learning rate "
    "with batch normalisation and without, within a quarter.",
    protocol=DEEP_PROTOCOL
    + "The first 100 steps, probed every five as in SA18-10. Judged only where both arms end above 30 % "
    "training accuracy.",
    settings=santurkar_settings(SETTING, {"net": "mlp", "depth": 10, "width": 64}, images=640),
    effect=departure,
    region=within(-QUARTER, QUARTER),
    unit="log2 of the median over 2 / rate, worst arm",
    figures=(BETA,),
    substitution=Substitution(better="higher", margin=0.25),
)
