"""The figures of a finding: those its claim declares, and the effects of its seeds."""

from collections.abc import Mapping

from bnref.evidence.figure import Band, Curve, Dots, Figure, Histogram, Traces
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import band, curve, dots, heat_map, histogram, strip, traces
from bnref.report.drawing import Drawing
from bnref.report.judged import Judged, effects


def drawings(judged: Judged) -> list[Drawing]:
    """One drawing for each path that the finding names, in that order."""
    finding, claim = judged.finding, judged.question.claim
    paths = list(finding.figures)
    declared = claim.figures if finding.cells else ()
    drawn = [
        draw(path, figure, judged.question, judged.records)
        for path, figure in zip(paths, declared, strict=False)
    ]
    if finding.effects:
        drawn.append(strip.draw(paths[-1], finding, effects(judged)))
    return drawn


def draw(path: str, figure: Figure, question: Question, records: Mapping[str, Record]) -> Drawing:
    """The drawing of a declared figure, by the module of its kind."""
    match figure:
        case Curve():
            return curve.draw(path, figure, question, records)
        case Band():
            return band.draw(path, figure, question, records)
        case Dots():
            return dots.draw(path, figure, question, records)
        case Traces():
            return traces.draw(path, figure, question, records)
        case Histogram():
            return histogram.draw(path, figure, question, records)
        case _:
            return heat_map.draw(path, figure, question, records)
