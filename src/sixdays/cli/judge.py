"""sixdays judge: are these curves a result?"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from sixdays.app import judging
from sixdays.app.settling import judge_task
from sixdays.cli.judging import asked, how_to_judge
from sixdays.cli.options import clocked, note, options, say, say_json
from sixdays.cli.progress import progress
from sixdays.render.changes import odds_lines


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH... | TASK")
@how_to_judge
@click.option("--table", type=click.Choice(["latex", "markdown"]), help="The table alone, ready to paste.")
@click.option("--html", "html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="A page to send.")
@click.option("--plan", metavar="PLAN", default="plan.yaml", help="The plan of TASK.", show_default=True)
@clocked
def command(
    paths: tuple[str, ...], table: str | None, html: Path | None, plan: str, as_json: bool, now: str | None,
    no_record: bool, **given: Any,
) -> int:  # fmt: skip
    """Arithmetic on your curves; no model is asked.

    PATH holds the logs of the runs: BETTER, WORSE, SAME or NOT YET KNOWN at a stated standard, with the
    cheapest next step. TASK is a task of ./plan.yaml with a claim and logs. Looks are counted in a
    journal beside the logs, so that asking every day stays honest.
    """
    how = options(now=now, no_record=no_record)
    what = asked(paths, given)
    with progress("reading logs") as tick:
        if len(paths) == 1 and not os.path.exists(paths[0]):
            settled = judge_task(paths[0], plan, what, how)
            judged, document = settled.judged, settled.to_dict()
            moved = odds_lines(settled.before, settled.after)
        else:
            judged, moved = judging.judge_paths(what, how, tick=tick), []
            document = judged.to_dict()
    verdict = judged.verdict
    if html is not None:
        from sixdays.render.html import verdict_page

        judging.write_page(html, verdict_page(verdict, judged.curves, " ".join(paths)))
        note([f"wrote {html}"])
    if as_json:
        say_json(document)
    elif table:
        from sixdays.render.tables import latex_table, markdown_table

        say([latex_table(verdict) if table == "latex" else markdown_table(verdict)])
    else:
        from sixdays.render.text import indented
        from sixdays.render.verdict import verdict_lines

        taken = [w for w in verdict.warnings if w.startswith("baseline: ")]  # stands with what was found, not below
        below = replace(verdict, warnings=tuple(w for w in verdict.warnings if w not in taken))
        found = [line for text in (*judged.found, *taken) for line in indented(text, "")]
        say([*found, "", *verdict_lines(below, judged.curves), *moved])
    note(list(judged.notes))
    return 0
