"""Full, read-only, torn, changed meanwhile, interrupted: nothing is lost and nothing is half written."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.command import Sixdays
from tests.test_commands import NOW, PLAN

from sixdays.errors import StoreError
from sixdays.journal.records import new_record
from sixdays.stores import texts
from sixdays.stores.files import Journal


def refuse(*args: Any, **kwargs: Any) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def test_a_read_only_disk_still_answers(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    sixdays.write("plan.yaml", PLAN)
    monkeypatch.setattr(os, "replace", refuse)
    ran = sixdays("odds", *NOW)
    assert ran.code == 0
    assert "workshop" in ran.out
    assert "not recorded" in ran.err


def test_a_full_disk_leaves_the_plan_as_it_was(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    sixdays.write("plan.yaml", PLAN)
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    ran = sixdays("what-if", "gpu 4", "--keep", *NOW)
    assert ran.code == 1
    assert "No space" in ran.err
    assert sixdays.read() == PLAN
    assert not list(sixdays.folder.rglob("*.tmp"))


def test_a_plan_that_changed_meanwhile_is_not_overwritten(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sixdays.write("plan.yaml", PLAN)
    keep = texts.Texts.keep

    def edited(self: texts.Texts, text: str) -> str:
        path.write_text(PLAN + "# mine\n", encoding="utf-8")
        return keep(self, text)

    monkeypatch.setattr(texts.Texts, "keep", edited)
    ran = sixdays("what-if", "gpu 4", "--keep", *NOW)
    assert ran.code == 1
    assert "changed" in ran.err
    assert sixdays.read() == PLAN + "# mine\n"


@pytest.mark.parametrize(
    "make",
    [lambda p: p.mkdir(), lambda p: p.write_bytes(b"\xff\xfe\x00"), lambda p: p.symlink_to(p.parent / "gone")],
    ids=["a folder", "not UTF-8", "a broken link"],
)
def test_a_plan_that_cannot_be_read_is_reported_at_a_place(sixdays: Sixdays, make: Any) -> None:
    make(sixdays.folder / "plan.yaml")
    ran = sixdays("odds", *NOW, "--json")
    assert ran.code == 3
    (problem,) = json.loads(ran.out)["problems"]
    assert (problem["line"], problem["column"]) == (1, 1)
    assert problem["message"]


def test_a_missing_or_broken_conference_list(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", "tasks: {a: {takes: 1d}}\ntargets: {x: {deadline: c.yml#iclr}}\n")
    assert "cannot be read" in sixdays("odds", *NOW).err
    sixdays.write("c.yml", "- {title: ICLR, year: 2031, id: iclr31, deadline: TBD, timezone: AoE}\n")
    assert 'its deadline is "TBD"' in sixdays("odds", *NOW).err
    sixdays.write("c.yml", "- [\n")
    assert "c.yml:" in sixdays("odds", *NOW).err


def test_torn_and_foreign_records_are_skipped_never_deleted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    from datetime import UTC, datetime

    record = new_record("decision", datetime(2031, 1, 1, tzinfo=UTC), "me", {"x": 1}, "1")
    journal.add(record)
    journal.add(record)
    (journal.folder / "torn.json").write_text('{"id": "a", "ki', encoding="utf-8")
    (journal.folder / "foreign.json").write_text("[1, 2]", encoding="utf-8")
    (journal.folder / "folder.json").mkdir()
    (journal.folder / "link.json").symlink_to("/etc/passwd")
    for _ in range(2):  # from the files, then through the cache
        read = journal.read()
        assert read.records == (record,)
        assert {name for name, _ in read.skipped} == {"torn.json", "foreign.json", "folder.json", "link.json"}
    assert (journal.folder / "torn.json").exists()
    (tmp_path / ".sixdays" / "records.jsonl").write_text('["x", \n[torn', encoding="utf-8")
    assert journal.records() == (record,)


def test_an_id_is_never_written_over(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    journal = Journal(tmp_path / "journal")
    one = new_record("decision", datetime(2031, 1, 1, tzinfo=UTC), "me", {"x": 1}, "1")
    journal.add(one)
    from dataclasses import replace

    with pytest.raises(StoreError):
        journal.add(replace(one, by="you"))


def test_kill_leaves_whole_records_only(tmp_path: Path) -> None:
    code = (
        "import itertools, sys\nfrom datetime import datetime, UTC\nfrom sixdays.journal.records import new_record\n"
        "from sixdays.stores.files import Journal\nj = Journal(sys.argv[1])\n"
        "for i in itertools.count():\n    j.add(new_record('decision', datetime.now(UTC), 'me', {'i': i, 'pad': 'x' * 5000}, str(i)))\n"
        "    print(i, flush=True)\n"
    )
    folder = tmp_path / "journal"
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    read = Journal(folder).read()
    assert len(read.records) >= 20
    assert read.skipped == ()


def test_control_c_exits_130_and_leaves_the_plan(tmp_path: Path) -> None:
    tasks = "".join(f"  t{i}: {{takes: 2h to 4h, needs: {{gpu: 1}}}}\n" for i in range(3000))
    text = f"resources: {{gpu: 4}}\ntasks:\n{tasks}targets: {{x: {{deadline: 2031-05-01 AoE}}}}\n"
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "sixdays", "suppose", "--now", "2031-03-01T00:00Z"], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background is born deaf to it
    )  # fmt: skip
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert (tmp_path / "plan.yaml").read_text(encoding="utf-8") == text


def test_names_cannot_drive_the_terminal(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", 'tasks: {"a\\e[31m": {takes: 1d}}\n')
    ran = sixdays("odds", *NOW)
    assert ran.code == 3
    assert "\x1b" not in ran.out + ran.err


def test_our_own_mistakes_are_named_and_kept_in_a_file(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    from sixdays.app import forecasting

    monkeypatch.setattr(forecasting, "forecast_of", lambda project: 1 / 0)
    sixdays.write("plan.yaml", PLAN)
    ran = sixdays("odds", *NOW)
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err
    named = next(word for word in ran.err.split() if "sixdays-" in word).rstrip(";")
    assert "ZeroDivisionError" in Path(named).read_text(encoding="utf-8")
    Path(named).unlink()
