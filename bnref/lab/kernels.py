"""Which kernels a GPU computes with: those that give the same bits every time, in full float32.

https://docs.pytorch.org/docs/stable/notes/randomness.html
"""

import os

import torch


def choose() -> None:
    """Choose for this process, before CUDA starts: a worker does so before its first cell on a GPU.

    An operation that has no deterministic kernel raises RuntimeError and names itself. With
    `--bn-nondeterministic` it runs, and libraries take the kernels that are fastest here.
    """
    free = os.environ.get("BNREF_NONDETERMINISTIC") == "1"
    if not free:
        # One fixed workspace of cuBLAS for each stream; torch asks for it in deterministic mode.
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    # use_deterministic_algorithms does this, and loads the compiler for a second.
    torch.set_deterministic_debug_mode("default" if free else "error")
    torch.backends.cudnn.benchmark = free
    # Products of 10 bits, which torch takes in convolutions unless it is told, are not the CPU's.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
