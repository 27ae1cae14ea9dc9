"""Figures and the page: well-formed, no script, nothing from outside, names escaped, the same bytes each time."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from sixdays.render import figures, svg
from sixdays.render.html import method_kinds, sections, verdict_page
from sixdays.verdict.curves import Curve
from sixdays.verdict.result import Interval
from sixdays.verdict.verdict import judge

NASTY = '<b>&"\x1b</svg><script>alert(1)</script>'


def arm(
    method: str, level: float, tasks: int = 1, seeds: int = 5, points: int = 40, goal: float | None = None
) -> list[Curve]:
    steps = np.arange(1, points + 1) * 1000.0
    return [
        Curve(f"task-{t}", method, s, steps, level * steps / steps[-1] + 0.1 * level * ((7 * s + t) % 5), goal)
        for t in range(tasks)
        for s in range(seeds)
    ]


def diverged(method: str, task: str = "task-0") -> Curve:
    return Curve(task, method, 99, np.arange(1.0, 9.0), [1.0, 2.0, *[np.nan] * 6])


FAN = {
    "running": [
        {"method": "mine", "task": "task-0", "seed": "0", "fraction": 0.4, "final": {"p10": 1.0, "p50": 2.0, "p90": 4.0}},
        {"method": "mine", "task": "task-0", "seed": "1", "fraction": 0.4, "final": None},
        {"method": "gone", "task": "", "seed": None, "final": {"p10": None}},
        "no mapping",
    ],
    "chance": 0.9,
    "history": [{"fraction": 0.1, "chance": None}, {"fraction": 0.2, "chance": 0.9}, {"fraction": 0.3, "chance": 0.97}],
    "decision": {"fraction": 0.3, "word": "better"},
    "periodic": [{"task": "task-0", "method": "mine", "period": 10.0, "text": NASTY}],
    "known_at": {"fraction": 0.4, "confidence": 0.9, "tasks": 2, "pairs": 9, "fractions": [0.1, 0.5, 1.0],
                 "agreement": [0.6, 0.9, 1.0], "low": [0.3, None, 0.9]},
}  # fmt: skip
CASES = {
    "one task": [*arm("mine", 100.0), *arm("sac", 50.0)],
    "several tasks": [*arm("mine", 100.0, 3), *arm("sac", 50.0, 3)],
    "one method": arm("mine", 100.0),
    "one run": arm("mine", 1.0, seeds=1),
    "one point": [*arm("mine", 1.0, points=1), *arm("sac", 2.0, points=1)],
    "all the same": [*arm("mine", 0.0), *arm("sac", 0.0)],
    "many methods": [c for k in range(9) for c in arm(f"m{k}", 10.0 + k)],
    "diverged": [*arm("mine", 3.0), diverged("mine"), diverged("sac")],
    "running": [*arm("mine", 3.0, points=9, goal=40_000.0), *arm("sac", 2.0)],
    "names": [*arm(NASTY, 100.0, 2), *arm("sac", 50.0, 2), Curve(NASTY, NASTY, 0, [1.0], [1.0])],
    "huge on two tasks": [*arm("mine", 1e60, 2), *arm("sac", 1e-60, 2)],
    "huge": [*arm("mine", 1e60), *arm("sac", 1e-60)],
}


@pytest.mark.parametrize("curves", CASES.values(), ids=CASES.keys())
def test_every_figure_is_well_formed(curves: list[Curve]) -> None:
    v = replace(judge(curves, metric=NASTY), outlook=FAN)
    found = sections(v, curves)
    assert found
    for section in found:
        for figure in (*section.figures, *filter(None, [section.legend])):
            ElementTree.fromstring(figure)
            assert "nan" not in re.sub(r">[^<]*<", "><", figure).replace("aria-label", "")
            assert "inf" not in re.sub(r">[^<]*<|aria-label=\"[^\"]*\"", "", figure)


@pytest.mark.parametrize("curves", CASES.values(), ids=CASES.keys())
def test_a_page_runs_nothing_and_asks_for_nothing(curves: list[Curve]) -> None:
    v = replace(judge(curves, metric=NASTY), outlook=FAN, sentence=NASTY, warnings=(NASTY,))
    page = verdict_page(v, curves, NASTY)
    assert "<script" not in page
    assert "<b>" not in page
    assert "style=" not in page
    assert set(re.findall(r"https?://[^\"'<\s]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\s(src|href|srcset|on\w+)=", page)
    assert page == verdict_page(v, curves, NASTY)


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    curves = CASES["one task"]
    page = verdict_page(judge(curves), curves)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in page


def test_a_page_of_nothing_is_a_page() -> None:
    v = judge(arm("mine", 1.0))
    assert "<h1>" in verdict_page(v, [])
    assert sections(v, []) == []


def test_the_verdict_is_the_heading() -> None:
    curves = CASES["several tasks"]
    page = verdict_page(judge(curves, baseline="sac", method="mine"), curves)
    assert re.search(r"<h1>[A-Z ]+ \(compelling\): mine ", page)


def test_the_figures_of_several_tasks_are_there() -> None:
    curves = CASES["several tasks"]
    v = replace(judge(curves, baseline="sac"), outlook=FAN)
    names = [s.name for s in sections(v, curves)]
    assert names == [
        "Difference by task", "Difference over training", "Learning curves, all tasks", "Probability of improvement",
        "Learning curves by task", "Performance profile", "Still running", "Who will be ahead",
        "How early it would have been known",
    ]  # fmt: skip


def test_the_method_asked_about_has_the_first_sign_and_six_are_drawn() -> None:
    curves = CASES["many methods"]
    kinds = method_kinds(judge(curves, baseline="m3", method="m7"), curves)
    assert list(kinds.items())[:2] == [("m7", 0), ("m3", 1)]
    assert len(kinds) == 6


def test_a_page_of_twenty_curves_on_ten_tasks_stays_small() -> None:
    curves = [*arm("mine", 100.0, 10, 10, 1000), *arm("sac", 50.0, 10, 10, 1000)]
    assert len(verdict_page(judge(curves, baseline="sac"), curves).encode()) < 400_000


def test_thinning_keeps_the_ends_and_the_extremes() -> None:
    x = np.arange(10_000.0)
    y = np.sin(x / 50)
    y[5_000] = 40.0
    y[77] = np.nan
    a, b = svg.thin(x, y, 100)
    assert len(a) <= 100
    assert (a[0], a[-1], b.max()) == (0.0, 9_999.0, 40.0)
    assert np.isfinite(b).all()
    assert (np.diff(a) > 0).all()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.0, 0.0, []), (np.nan, 1.0, []), (-7.0, 7.0, [-5.0, 0.0, 5.0])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert svg.ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("x", "step", "shown"),
    [(0.0, 5e5, "0"), (2_000_000.0, 5e5, "2.0M"), (20_000.0, 1e4, "20k"), (3.25, 0.05, "3.25"), (1e-6, 1e-6, "1e−06"),
     (-0.5, 0.5, "−0.5"), (5_000.0, 1_000.0, "5000")],
)  # fmt: skip
def test_axis_numbers_are_short(x: float, step: float, shown: str) -> None:
    assert svg.tick_number(x, step) == shown


def test_labels_are_moved_apart_and_stay_inside() -> None:
    out = svg.apart([10.0, 10.0, 10.0, 99.0], 12.0, 0.0, 100.0)
    assert out == sorted(out)
    assert all(b - a >= 12.0 - 1e-9 for a, b in pairwise(out))
    assert out[-1] <= 100.0


def test_what_is_outside_the_axes_is_drawn_at_their_edge() -> None:
    p = svg.Panel(100, 100, 0.0, 1.0, 0.0, 1.0)
    assert p.places(np.array([0.5]), np.array([1e9])) == f"{p.x(0.5):.1f},{p.y(1.0):.1f}"


def test_a_row_without_an_interval_says_so() -> None:
    figure = figures.interval_rows([("a", Interval(None, None, None, 0.95))], "nothing", 0)
    ElementTree.fromstring(figure)
    assert "not known" in figure


def test_a_steep_start_is_left_out_and_said() -> None:
    x = np.linspace(0.0, 100.0, 101)
    loss = 3.0 + 7.0 * np.exp(-x)
    _, high, start = figures.framed([(x, loss)], 100.0, 0.0)
    assert high < 3.1
    assert start == 10.0
    assert figures.framed([(x, x)], 100.0, 0.0)[2] < 0
    runs = [Curve("t", m, s, x, loss + 0.01 * s) for m in ("a", "b") for s in range(3)]
    assert "a steep start is not shown" in verdict_page(judge(runs, higher_is_better=False), runs)
