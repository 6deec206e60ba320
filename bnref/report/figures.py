"""The figures of a finding: those its claim declares, and the effects of its seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bnref.evidence.figure import Band, Curve, Dots, Figure, Histogram, Traces
from bnref.evidence.finding import Finding
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import band, curve, dots, heat_map, histogram, strip, traces
from bnref.report.drawing import Sketch
from bnref.report.judged import Judged, effects


def sketches(judged: Judged, finding: Finding) -> Iterator[Sketch]:
    """One sketch for each path that the finding, as it is published, names, in that order."""
    claim = judged.question.claim
    paths = list(finding.figures)
    declared = claim.figures if finding.cells else ()
    for path, figure in zip(paths, declared, strict=False):
        yield sketch(path, figure, judged.question, judged.records)
    if finding.effects:
        papers = [one for one in claim.reported if one.unit and one.unit == claim.unit]
        yield strip.sketch(paths[-1], finding, effects(judged), papers)


def sketch(path: str, figure: Figure, question: Question, records: Mapping[str, Record]) -> Sketch:
    """The sketch of a declared figure, by the module of its kind."""
    question = showing(question, figure.arms)
    match figure:
        case Curve():
            return curve.sketch(path, figure, question, records)
        case Band():
            return band.sketch(path, figure, question, records)
        case Dots():
            return dots.sketch(path, figure, question, records)
        case Traces():
            return traces.sketch(path, figure, question, records)
        case Histogram():
            return histogram.sketch(path, figure, question, records)
        case _:
            return heat_map.sketch(path, figure, question, records)


def showing(question: Question, names: tuple[str, ...]) -> Question:
    """The question with the named arms alone, in the order of the names; with all where there are none."""
    claim, scale = question.claim, question.scale
    setting = claim.settings[scale]
    arms = tuple(arm for name in names for arm in setting.arms if arm.name == name)
    if not arms:
        return question
    settings = {**claim.settings, scale: replace(setting, arms=arms)}
    return replace(question, claim=replace(claim, settings=settings))
