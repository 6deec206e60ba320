"""What all tests of reproductions share."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
