"""On ImageNet SkipInit keeps up with batch norm up to batch 1024 and falls behind at 4096."""

from bnref.evidence.claim import Claim, Reported

SOURCE = "ImageNet table of version 1, ResNet-50-V2"

CLAIM = Claim(
    id="DS20-12",
    locator="ImageNet table of version 1",
    statement="ResNet-50-V2 with regularised SkipInit reaches the ImageNet top-1 accuracy of batch "
    "normalisation at batch sizes 256 and 1024 and falls behind it at 4096.",
    protocol="Fifteen full trainings on ImageNet: five networks at three batch sizes.",
    not_attempted="parity of accuracies on ImageNet at batch 4096 says nothing about another data "
    "set; what can be scaled down, the interaction of method and batch size, is DS20-10",
    reported=(
        Reported(
            metric="top-1 accuracy of batch norm at batch 1024 (%)", value=74.9, source=SOURCE
        ),
        Reported(
            metric="top-1 accuracy of regularised SkipInit at batch 1024 (%)",
            value=75.5,
            source=SOURCE,
        ),
        Reported(
            metric="top-1 accuracy of batch norm at batch 4096 (%)", value=74.9, source=SOURCE
        ),
        Reported(
            metric="top-1 accuracy of regularised SkipInit at batch 4096 (%)",
            value=72.7,
            source=SOURCE,
        ),
    ),
)
