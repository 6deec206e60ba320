"""Batch norm shrinks a branch against its skip path by the square root of the block's depth.

De & Smith 2020, abstract and section 2: "of order sqrt(depth)". The branch adds a mean square of 1 to
a stream of l + 1. In pilots the slope was -0.99 to -1.01.
"""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start, first_stage, logs, slope


def beside_minus_one(rows: Rows) -> float:
    """Slope of log(|f_l|^2 / |x_l|^2) on log(l + 1), plus 1."""
    row = rows.one(form="batch_norm")
    stage, series = first_stage(row), row.series
    before = series["second_moment"][stage][:-1]
    branches = series["branch"][stage][: len(before)]
    ratios = [f / x for f, x in zip(branches, before, strict=True)]
    return slope(logs([block + 1 for block in series["block"][stage][:-1]]), logs(ratios)) + 1


CLAIM = Claim(
    id="DS20-2-branch",
    locator="abstract, section 2",
    statement="With batch normalisation in the branches the mean square of a branch relative to its "
    "skip path falls as 1/(l + 1) over the blocks: the log-log slope is -1, within 0.05.",
    protocol=START_PROTOCOL + " Least-squares slope over blocks 0 to 47; the runs of DS20-2.",
    settings=at_start("batch_norm"),
    effect=beside_minus_one,
    region=within(-0.05, 0.05),
    unit="slope, beside -1",
    figures=(
        Band(
            series="second_moment",
            hue="form",
            x="block",
            x_label="block",
            y_label="mean square of the stream; a branch adds 1",
            title="The skip path of a residual network with batch norm",
            overlay=(
                Overlay(
                    points={float(block): block + 1.0 for block in range(0, 49, 8)},
                    source="l + 1",
                    line="batch_norm",
                ),
            ),
        ),
    ),
    expected={
        scale: Expectation(
            outcome="inconclusive",
            because="The first stage of a Wide-ResNet has 32 channels: pilots on photographs gave "
            f"slopes of {slopes}.",
            depends_on_scale=True,
        )
        for scale, slopes in (("gpu", "-1.00 to -0.90"), ("paper", "-1.05 to -1.04"))
    },
)
