"""A check: one property, one function. The folder checks/ is the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter

import numpy as np

from bnref.conformance.case import Case
from bnref.conformance.implementation import Implementation, Pools
from bnref.conformance.result import Finding, Result
from bnref.conformance.watched import Broken, NotApplicable

Body = Callable[[Case], Iterator[Finding]]
BATCH: tuple[Pools, ...] = ("batch",)
SAMPLES: tuple[Pools, ...] = ("group", "layer", "instance", "rms")
"""What layers pool over that normalise each sample by itself."""


@dataclass(frozen=True)
class Check:
    """A property of batch norm. Called with an implementation and a generator, it never raises.

    `needs` names the methods of the layer without which it is not applicable, `of` what such a layer
    pools over; `catalogue` the entries of the catalogue of historical bugs that it would have caught.
    """

    body: Body
    needs: tuple[str, ...]
    catalogue: tuple[str, ...]
    of: tuple[Pools, ...] = BATCH

    @property
    def name(self) -> str:
        return self.body.__name__

    @property
    def sentence(self) -> str:
        """The sentence that opens the docstring."""
        return _words(self).partition(". ")[0].rstrip(".")

    @property
    def links(self) -> tuple[str, ...]:
        """The threads that the docstring cites."""
        return tuple(re.findall(r"https://\S+[\w/]", self.body.__doc__ or ""))

    def __call__(self, implementation: Implementation, rng: np.random.Generator) -> Result:
        started, case = perf_counter(), Case(implementation, rng, self.needs, self.of)
        findings: list[Finding] = []
        status, told = "conforms", Finding(what="", expected="", found="", excess=0)
        try:
            case.applicable()
            findings.extend(self.body(case))
        except NotApplicable as reason:
            if not findings:
                status, told = "not_applicable", _told(str(reason))
        except Broken as reason:
            status, told = "broken", _told(str(reason), reason.expected)
        except Exception as error:
            status, told = "broken", _told(f"{type(error).__name__}: {error}", "no exception")
        if status == "conforms" and not findings:
            status, told = "not_applicable", _told("nothing here could be asked of it")
        elif findings and status != "broken":
            told = max(findings, key=lambda finding: finding.excess)
            status = "conforms" if told.good else "deviates"
        fails = status in ("deviates", "broken")
        return Result(
            check=self.name,
            status=status,  # type: ignore[arg-type] # one of the four words, by the above
            sentence=self.sentence,
            catalogue=self.catalogue,
            links=self.links,
            what=told.what,
            expected=told.expected,
            found=told.found,
            ulp=told.ulp,
            best_ulp=told.best_ulp,
            tolerance_ulp=told.tolerance_ulp,
            excess=told.excess if findings and status != "broken" else None,
            reproduction=(told.script or case.reproduction)() if fails else "",
            declared=implementation.deviates.get(self.name, ""),
            seconds=perf_counter() - started,
        )


def check(
    *catalogue: str, needs: str = "train", of: tuple[Pools, ...] = BATCH
) -> Callable[[Body], Check]:
    """Make a function from a case to findings a check. `needs` lists methods, between spaces."""
    return lambda body: Check(body, tuple(needs.split()), catalogue, of)


def checks() -> dict[str, Check]:
    """All checks by name, in the order of files and of lines: every Check in a file of checks/."""
    found: dict[str, Check] = {}
    for path in sorted((Path(__file__).parent / "checks").glob("[!_]*.py")):
        module = import_module(f"bnref.conformance.checks.{path.stem}")
        for item in vars(module).values():
            if isinstance(item, Check):
                assert item.name not in found, f"{path.name}: the name {item.name} is taken"
                found[item.name] = item
    return found


def _words(check: Check) -> str:
    return " ".join((check.body.__doc__ or "").split())


def _told(found: str, expected: str = "") -> Finding:
    return Finding(what="", expected=expected, found=found, excess=np.inf)
