"""An ensemble of batch-normalised Inception networks was the state of the art on ImageNet."""

from bnref.evidence.claim import Claim, Reported

CLAIM = Claim(
    id="IS15-21",
    locator="section 4.2.3, figure 4",
    statement="An ensemble of six batch-normalised Inception networks has at most 4.9 % top-5 error "
    "on the ImageNet validation images, fewer than any system published before it.",
    protocol="Six variants of BN-Inception, each trained on the 1.28 million images of ImageNet, the "
    "mean of their class probabilities over 144 crops of each image.",
    not_attempted="a record on ImageNet is a statement about six full trainings and the systems of "
    "2015; no smaller experiment can contradict it, and that ensembles beat their members is "
    "nothing that batch norm does",
    reported=(
        Reported(
            metric="top-5 error of the ensemble, validation (%)", value=4.9, source="figure 4"
        ),
        Reported(metric="top-5 error of one network, one crop (%)", value=7.82, source="figure 4"),
    ),
)
