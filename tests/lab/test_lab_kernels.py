"""What a worker chooses before its first cell on a GPU."""

import os

import pytest
import torch

from bnref.lab.kernels import choose


@pytest.fixture
def restored(monkeypatch):
    """Settings of the process as they were."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "none")
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.benchmark, cudnn.allow_tf32, products.allow_tf32
    yield
    cudnn.benchmark, cudnn.allow_tf32, products.allow_tf32 = before
    torch.set_deterministic_debug_mode("default")


@pytest.mark.parametrize("may_vary", [False, True])
def test_kernels_give_one_result_in_full_precision_unless_they_may_vary(
    restored, monkeypatch, may_vary
):
    monkeypatch.setenv("BNREF_NONDETERMINISTIC", str(int(may_vary)))
    torch.backends.cudnn.benchmark = not may_vary
    choose()
    assert torch.are_deterministic_algorithms_enabled() == (not may_vary)
    assert torch.backends.cudnn.benchmark == may_vary
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ("none" if may_vary else ":4096:8")
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
