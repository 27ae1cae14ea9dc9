"""Writing the plan: all or nothing, shown as a diff, taken back by `undo`."""

from __future__ import annotations

from collections.abc import Sequence

from sixdays.app.project import Project, read_text
from sixdays.app.settings import Options, nonce
from sixdays.errors import StoreError, UsageError
from sixdays.plan.edit import diff
from sixdays.stores.files import Journal
from sixdays.stores.texts import Texts, replace_file


def write_plan(project: Project, text: str, why: str) -> None:
    """Replaces the plan's text. The old one is kept first, so that `undo` can bring it back.

    Raises:
        StoreError: the disk cannot be written, or the plan changed since it was read; nothing is lost.
    """
    if project.path is None or project.texts is None:
        raise UsageError("there is no plan file to write to", "sixdays init writes one")
    if text == project.plan.text:
        return
    before, after = project.texts.keep(project.plan.text), project.texts.keep(text)
    replace_file(project.path, project.plan.text, text)
    project.add("plan edited", {"before": before, "after": after, "why": why})


def undo(sources: Sequence[str], options: Options) -> str:
    """Takes back the last edit that sixdays made; returns the diff.

    Raises:
        UsageError: there is none, or the plan was edited by hand since.
    """
    from pathlib import Path

    path = Path(sources[0]) if sources else Path("plan.yaml")
    path = path / "plan.yaml" if path.is_dir() else path
    text = read_text(path)  # undo must work where the plan has become invalid
    texts, journal = Texts(path.parent / ".sixdays"), Journal(path.parent / "journal")
    undone: set[str] = set()
    last = None
    for record in reversed(journal.records()):
        if record.kind != "plan edited":
            continue
        if "undoes" in record.data:
            undone.add(str(record.data["undoes"]))
        elif record.id not in undone:
            last = record
            break
    if last is None:
        raise UsageError("there is no edit of ours to take back", "only what sixdays wrote into the plan can be undone")
    before = texts.get(str(last.data["before"]))
    if texts.name(text) != last.data["after"] or before is None:
        why = str(last.data.get("why", ""))
        raise UsageError(f"the plan was edited since: “{why}” cannot be taken back", "take it back by hand")
    replace_file(path, text, before)
    project = _Bare(journal, options)
    try:
        project.add({"before": last.data["after"], "after": last.data["before"], "why": "undo", "undoes": last.id})
    except StoreError:
        replace_file(path, before, text)
        raise
    return diff(text, before, str(path))


class _Bare:
    """A journal without a plan that could be read."""

    def __init__(self, journal: Journal, options: Options) -> None:
        self.journal, self.options = journal, options

    def add(self, data: dict[str, object]) -> None:
        from sixdays.journal.records import new_record

        record = new_record("plan edited", self.options.now, self.options.who, data, nonce())
        self.journal.add(record)
