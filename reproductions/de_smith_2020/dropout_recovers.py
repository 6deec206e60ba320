"""What batch norm regularises dropout can, too: SkipInit with it generalises better than batch norm.

De & Smith 2020, table of version 1, ImageNet at batch 256. The share that is dropped, 0.2, is ours, of
0.1, 0.2, 0.3 and 0.5 in pilots. A quarter of a point is the least that counts. Pilots on seeds 55 to 62
gave 0 to 1.3; SkipInit is hardly behind without dropout, either (DS20-11), so little is recovered here.
"""

from bnref.evidence.claim import Arm, Claim, Reported, Rows
from bnref.evidence.verdict import above
from reproductions.residual import FEW_PROTOCOL, fitted, mean_error
from reproductions.residual_figures import error_dots

ARMS = (
    Arm("batch_norm", {"form": "batch_norm"}),
    Arm("skip_init_0-dropout", {"form": "skip_init_0", "dropout": 0.2}),
)
SOURCE = "ImageNet table of version 1, ResNet-50-V2"


def better(rows: Rows) -> float:
    """Test error of batch norm less that of SkipInit with dropout, in percentage points."""
    normalised, regularised = rows
    return mean_error(normalised) - mean_error(regularised)


CLAIM = Claim(
    id="DS20-11-dropout",
    locator="abstract, ImageNet table of version 1",
    statement="On a small training set SkipInit from alpha = 0 with dropout before the classifier has at "
    "least a quarter of a percentage point less test error than batch normalisation at batch 32.",
    protocol=FEW_PROTOCOL + " Dropout of 0.2 of the classifier's inputs. Cells of DS20-11.",
    settings=fitted(ARMS, ARMS, seeds=20),
    effect=better,
    region=above(0.25),
    unit="percentage points",
    reported=(
        Reported(metric="top-1 accuracy of batch norm at batch 256 (%)", value=75.0, source=SOURCE),
        Reported(
            metric="top-1 accuracy of regularised SkipInit at batch 256 (%)",
            value=75.6,
            source=SOURCE,
        ),
    ),
    figures=(error_dots("SkipInit with dropout, and batch norm", hue="arm"),),
)
