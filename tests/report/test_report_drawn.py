"""Figures drawn by other processes: the same bytes, also where no process can be started."""

from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice

import pytest

from bnref.report import drawn
from bnref.report.figures import sketches


@pytest.fixture(scope="module")
def some(made_up):
    """The first sketches of the made-up claims: three curves and bands, and strips."""
    return list(islice(chain.from_iterable(sketches(one, one.finding) for one in made_up), 6))


@pytest.fixture(scope="module")
def here(some):
    return drawn.drawings(some)


def test_another_process_draws_the_same_bytes(some, here, monkeypatch):
    monkeypatch.setattr(drawn, "_cores", lambda: 2)
    with drawn.painters(2 * drawn.EACH) as pool:
        assert drawn.drawings(some, pool) == here


class Broken(Executor):
    """A pool whose processes die after the second figure."""

    left = 2

    def submit(self, *_):
        self.left -= 1
        if self.left < 0:
            raise BrokenProcessPool


def test_this_process_draws_all_where_others_die(some, here):
    assert drawn.drawings(iter(some), Broken()) == here


def test_few_figures_or_one_core_start_no_process(monkeypatch):
    for cores, count in ((4, 2 * drawn.EACH - 1), (1, 100 * drawn.EACH)):
        monkeypatch.setattr(drawn, "_cores", lambda cores=cores: cores)
        with drawn.painters(count) as pool:
            assert pool is None
