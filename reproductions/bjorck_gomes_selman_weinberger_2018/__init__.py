"""Claims of the paper that explains Batch Normalization by the larger learning rates it allows."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="bjorck_gomes_selman_weinberger_2018",
    title="Understanding Batch Normalization",
    authors="Johan Bjorck, Carla Gomes, Bart Selman and Kilian Q. Weinberger",
    year=2018,
    venue="NeurIPS 2018, arXiv:1806.02375",
    url="https://arxiv.org/abs/1806.02375",
)
