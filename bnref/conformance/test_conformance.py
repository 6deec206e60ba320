"""The kit as a test suite: `pytest --pyargs bnref.conformance --bn-impl package.module:adapter`."""

from __future__ import annotations

import pytest

from bnref.conformance import isolated
from bnref.conformance.check import checks
from bnref.conformance.implementation import NotAnImplementation
from bnref.conformance.report import Report, explained


@pytest.fixture(scope="session")
def bn_report(request: pytest.FixtureRequest) -> Report:
    """The selected checks, run once, in a process of their own."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    names = [spec.params["bn_check"] for spec in specs if spec and "bn_check" in spec.params]
    name = str(request.config.getoption("bn_impl"))
    try:
        return isolated.run(name, names=names)
    except NotAnImplementation as error:
        pytest.exit(f"--bn-impl {error}", returncode=2)


@pytest.mark.parametrize("bn_check", checks())
def test_conforms(bn_check: str, request: pytest.FixtureRequest) -> None:
    """The implementation has the property, or fails it as declared."""
    name = request.config.getoption("bn_impl", None)
    if not name:
        pytest.skip("no --bn-impl package.module:adapter")
    result = request.getfixturevalue("bn_report")[bn_check]
    if not result.as_declared:
        pytest.fail("\n".join(explained(result, name)), pytrace=False)
    if result.status == "not_applicable":
        pytest.skip(f"not applicable: {result.found}")
    if result.declared:
        pytest.xfail(result.declared)
