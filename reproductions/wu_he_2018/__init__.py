"""Claims of the paper that introduced Group Normalization, against Batch Normalization."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="wu_he_2018",
    title="Group Normalization",
    authors="Yuxin Wu and Kaiming He",
    year=2018,
    venue="ECCV 2018, arXiv:1803.08494",
    url="https://arxiv.org/abs/1803.08494",
)
