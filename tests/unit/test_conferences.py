"""Conference lists in their two public forms (rule P8)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sixdays.plan.conferences import deadline
from sixdays.quantities import Unreadable

CCF = """\
- title: ICLR
  sub: AI
  confs:
    - year: 2026
      id: iclr26
      timeline:
        - {deadline: '2025-09-24 23:59:59', abstract_deadline: '2025-09-19 23:59:59', comment: first}
      timezone: AoE
    - year: 2027
      id: iclr27
      timeline:
        - {deadline: '2026-09-24 23:59:59'}
        - {deadline: '2026-10-01 23:59:59', abstract_deadline: '2026-09-26 23:59:59'}
      timezone: UTC-12
- title: CHI
  confs: [{year: 2027, id: chi27, timeline: [{deadline: TBD}], timezone: AoE}]
- title: SIGGRAPH
  confs: [{year: 2027, id: siggraph27, timeline: [{deadline: '2027-01-22 22:00:00'}], timezone: PT}]
"""
HF = """\
- title: NeurIPS
  year: 2026
  id: neurips26
  timezone: UTC-8
  deadlines:
    - {type: abstract, label: Abstract, date: '2026-05-04 20:00:00', timezone: AoE}
    - {type: paper, label: Paper, date: '2026-05-08 20:00:00'}
    - {type: notification, label: News, date: '2026-09-24 20:00:00'}
- {title: ICML, year: 2026, id: icml26, deadline: '2026-01-28 23:59:59', abstract_deadline: '2026-01-23 23:59:59', timezone: UTC-12}
"""


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [(CCF, "iclr", "2026-10-02T11:59:59"), (CCF, "ICLR 2026", "2025-09-25T11:59:59"), (CCF, "iclr26.abstract", "2025-09-20T11:59:59"),
     (CCF, "siggraph", "2027-01-23T06:00:00"), (HF, "neurips", "2026-05-09T04:00:00"), (HF, "neurips.abstract", "2026-05-05T08:00:00"),
     (HF, "icml26", "2026-01-29T11:59:59")],
)  # fmt: skip
def test_the_deadline_of_a_name(text: str, wanted: str, expected: str) -> None:
    assert deadline(text, wanted).at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [(CCF, "iclrr", 'lists no "iclrr"'), (CCF, "chi", 'its deadline is "TBD"'), (CCF, "siggraph.abstract", "lists no abstract"),
     (CCF, "iclr 2020", "lists no"), ("a: 1\n", "iclr", "not a list"), ("- [\n", "iclr", "conferences.yml:"), ("", "x", "empty")],
)  # fmt: skip
def test_what_a_list_does_not_say(text: str, wanted: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        deadline(text, wanted)


def test_a_name_that_may_be_two_conferences() -> None:
    two = "- {title: A B, year: 2027, id: ab27, deadline: '2026-01-01', timezone: AoE}\n- {title: AB, year: 2027, id: ab-27, deadline: '2026-02-01', timezone: AoE}\n"
    with pytest.raises(Unreadable, match="may be A B or AB"):
        deadline(two, "ab")
