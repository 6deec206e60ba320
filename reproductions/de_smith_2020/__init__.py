"""Claims of the paper that explains Batch Normalization in residual networks by small branches."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="de_smith_2020",
    title="Batch Normalization Biases Residual Blocks Towards the Identity Function in Deep "
    "Networks",
    authors="Soham De and Samuel L. Smith",
    year=2020,
    venue="NeurIPS 2020, arXiv:2002.10444",
    url="https://arxiv.org/abs/2002.10444",
)
