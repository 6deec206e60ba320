"""The figures of a finding: those its claim declares, and the effects of its seeds."""

from bnref.evidence.claim import Curve
from bnref.report import band, curve, strip
from bnref.report.drawing import Drawing
from bnref.report.judged import Judged, effects


def drawings(judged: Judged) -> list[Drawing]:
    """One drawing for each path that the finding names, in that order."""
    finding, claim = judged.finding, judged.question.claim
    paths = list(finding.figures)
    declared = claim.figures if finding.cells else ()
    drawn = []
    for path, figure in zip(paths, declared, strict=False):
        if isinstance(figure, Curve):
            drawn.append(curve.draw(path, figure, judged.question, judged.records))
        else:
            drawn.append(band.draw(path, figure, judged.question, judged.records))
    if finding.effects:
        drawn.append(strip.draw(paths[-1], finding, effects(judged)))
    return drawn
