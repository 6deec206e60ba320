"""Claims of the paper that introduced Batch Normalization."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="ioffe_szegedy_2015",
    title="Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate "
    "Shift",
    authors="Sergey Ioffe and Christian Szegedy",
    year=2015,
    venue="ICML 2015, arXiv:1502.03167",
    url="https://arxiv.org/abs/1502.03167",
)
