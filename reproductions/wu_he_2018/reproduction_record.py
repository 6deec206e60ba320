"""How far full trainings of one network differ (the first author's reproductions of Wu & He 2018)."""

from bnref.evidence.claim import Claim, Reported

SOURCE = "github.com/ppwwyyxx/GroupNorm-reproduce, TensorFlow"

CLAIM = Claim(
    id="WH18-15",
    locator="the first author's reproductions of table 1",
    statement="Independent trainings of ResNet-50 with group norm on ImageNet end with validation errors "
    "within 0.1 percentage points of each other.",
    protocol="100 epochs of ImageNet for each training; the difference of two of them.",
    not_attempted="each training took some 26 hours on eight GPUs, and a smaller network on another data "
    "set, which varies more, could not contradict it",
    reported=tuple(
        Reported(metric=f"error of training {number} (%)", value=value, source=SOURCE)
        for number, value in enumerate((24.0, 24.0, 24.1), 1)
    ),
)
