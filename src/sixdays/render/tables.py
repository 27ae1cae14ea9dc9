"""A verdict → a table ready to paste: Markdown and LaTeX, the caption saying how the interval was made."""

from __future__ import annotations

from collections.abc import Sequence

from sixdays.quantities import show_percent
from sixdays.render.digits import number, sentence
from sixdays.render.problems import clean
from sixdays.verdict.result import Interval, Verdict

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "≥": r"$\geq$",
    "≤": r"$\leq$", "√": r"$\surd$", "–": "--", "…": r"\dots{}", "→": r"$\to$",
}  # fmt: skip
_MARKDOWN = frozenset("\\`*_{}[]<>()#|~&!")


def latex(text: str) -> str:
    r"""Text in which LaTeX sees no command.

    >>> latex("SAC_rr32 & 95 %")
    'SAC\\_rr32 \\& 95 \\%'
    """
    return "".join(_TEX.get(c, c) for c in clean(text))


def markdown(text: str) -> str:
    r"""Text in which Markdown and HTML see no mark.

    >>> markdown("a|b <i>")
    'a\\|b \\<i\\>'
    """
    return "".join("\\" + c if c in _MARKDOWN else c for c in clean(text))


def markdown_table(v: Verdict) -> str:
    """A pipe table of the methods, one of the differences, and the caption below."""
    blocks = []
    for head, rows in parts(v):
        rule = ["---"] + ["---:"] * (len(head) - 1)
        cells = [[markdown(c) for c in head], rule, *([markdown(c) for c in r] for r in rows)]
        blocks.append("\n".join(f"| {' | '.join(r)} |" for r in cells))
    return "\n\n".join([*blocks, markdown(caption(v))]) + "\n"


def latex_table(v: Verdict) -> str:
    """A `table` environment without packages: methods above, differences below."""
    lines = [r"\begin{table}", r"  \centering"]
    for head, rows in parts(v):
        lines += [rf"  \begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"    \hline", _tex_row(head), r"    \hline"]
        lines += [_tex_row(r) for r in rows]
        lines += [r"    \hline", r"  \end{tabular}", r"  \par\medskip"]
    lines[-1:] = [rf"  \caption{{{latex(caption(v))}}}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def caption(v: Verdict) -> str:
    """What the table shows, how the interval was made, and how often it was looked at."""
    way = "higher is better" if v.higher_is_better else "lower is better"
    looks = f" Looked at {v.looks} times." if v.looks > 1 else ""
    bar = sentence(v.error_bar) or f"{100 * v.level:.3g} % intervals."
    return f"{v.metric or 'Score'} ({way}). {bar}{looks}"


def parts(v: Verdict) -> list[tuple[list[str], list[list[str]]]]:
    """The tables as (head, rows): one of the methods, one of the differences."""
    methods = [
        [m.name, str(m.runs), number(m.score, _width(m.low, m.high)), _span(m.low, m.high), str(m.diverged)]
        for m in v.methods.values()
    ]
    level = f"{100 * v.level:.3g} %"
    if all(m.diverged == 0 for m in v.methods.values()):
        methods = [r[:-1] for r in methods]
    head = ["method", "runs", "score", level, "diverged"][: len(methods[0])] if methods else ["method"]
    out = [(head, methods)]
    if v.main:
        rows = [[f"{c.method} − {c.baseline}", *_cells(c.difference), _p(c.p), _share(c.improvement)]
                for c in v.comparisons]  # fmt: skip
        rows += [[task, *_cells(i), "", ""] for task, i in v.main.by_task.items() if len(v.main.by_task) > 1]
        out.append((["difference", "value", level, "p", "P(improvement)"], rows))
    return out


def _cells(i: Interval) -> list[str]:
    return [number(i.value, _width(i.low, i.high), sign=True), _span(i.low, i.high, sign=True)]


def _span(low: float | None, high: float | None, sign: bool = False) -> str:
    if low is None or high is None:
        return "–"
    width = high - low
    return f"{number(low, width, sign)} to {number(high, width, sign)}"


def _width(low: float | None, high: float | None) -> float:
    return high - low if low is not None and high is not None else 0.0


def _p(p: float | None) -> str:
    return "–" if p is None else "< 0.0005" if p < 0.0005 else f"{p:.2g}"


def _share(p: float | None) -> str:
    return "–" if p is None else show_percent(p)


def _tex_row(cells: Sequence[str]) -> str:
    return "    " + " & ".join(latex(c) for c in cells) + r" \\"
