"""A command under way with its family, ended with all of it.

A family is whatever a command started: found by its session, by parents, and by a mark in the environment, so that
a child which made itself a daemon is found too.
"""

from __future__ import annotations

import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sixdays.errors import RunError
from sixdays.processes.members import Member, Table, held_for_writing, read, table
from sixdays.processes.output import Output
from sixdays.processes.program import find, why_not

MARK = "SIXDAYS_PROBE"
GRACE_S, KILL_S = 0.8, 10.0  # after a TERM; until we give up on a process that cannot be killed


class Process:
    """A command under way with its family. Made and ended by `started` alone.

    began: the monotonic clock in ns. status: how it ended, as subprocess says it (-9: by signal 9); None: it has
    not. ended_s: seconds after its start. cpu_s, rss: of the family at the last look. peak: the largest rss seen.
    """

    def __init__(self, mark: str, began: int) -> None:
        self.mark = mark
        self.began = began
        self.output = Output()
        self.status: int | None = None
        self.ended_s = 0.0
        self.cpu_s = 0.0
        self.rss = 0
        self.peak = 0
        self.pipe: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._known: dict[int, str] = {}
        self._judged: dict[tuple[int, str], bool] = {}

    @property
    def seconds(self) -> float:
        """Since its start."""
        return (time.monotonic_ns() - self.began) / 1e9

    def start(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], file_bytes: int, stdin: str, stdout: str
    ) -> None:
        path = find(argv[0], cwd, env)
        marked = {**env, MARK: self.mark}
        try:
            with (
                _limited(file_bytes),
                open(stdin or os.devnull, "rb") as given,
                open(stdout or os.devnull, "wb") as kept,
            ):
                self._popen = subprocess.Popen(
                    argv,
                    executable=path,
                    cwd=cwd,
                    env=marked,
                    stdin=given,
                    stdout=kept if stdout else subprocess.PIPE,
                    stderr=subprocess.PIPE if stdout else subprocess.STDOUT,
                    bufsize=0,
                    start_new_session=True,
                )
        except OSError as e:
            raise RunError(f"{argv[0]} cannot be started: {e.strerror or e}", why_not(Path(path))) from e
        self._said = self._popen.stdout or self._popen.stderr
        assert self._said is not None
        self.pipe = self._said.fileno()
        os.set_blocking(self.pipe, False)

    def read(self) -> None:
        """Takes in what it has printed."""
        while self.pipe is not None:
            try:
                data = os.read(self.pipe, 1 << 16)
            except BlockingIOError:
                return
            self.output.take(data or b"\n", self.seconds)
            if not data:
                self._close()
            if len(data) < 1 << 16:
                return

    def poll(self, wait: bool = False) -> bool:
        """It has ended, itself if not its children."""
        if self.status is None and self._popen is not None and self._has_ended(wait):
            seconds = self.seconds
            self.family()  # while its number is still its own: who belongs to it is known after that
            pid, status, used = os.wait4(self._popen.pid, 0 if wait else os.WNOHANG)
            if pid:
                self.ended_s = seconds
                self.status = self._popen.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = max(self.cpu_s, used.ru_utime + used.ru_stime)
                self.peak = max(self.peak, used.ru_maxrss * (1024 if sys.platform != "darwin" else 1))
        return self.status is not None

    def _has_ended(self, wait: bool) -> bool:
        """It is over and can be waited for; where the machine cannot tell without waiting, it may be."""
        if self._popen is None or not hasattr(os, "waitid"):
            return True
        return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | (0 if wait else os.WNOHANG)) is not None

    def family(self, seen: Table | None = None) -> list[Member]:
        """The processes of it that live, however they are tied to it; CPU and memory are noted."""
        seen = table() if seen is None else seen
        root = self._popen.pid if self._popen and self.status is None else -1
        ours = {
            pid
            for pid, m in seen.items()
            if root in (pid, m.session, m.group) or self._known.get(pid) == m.started or self._is_marked(m)
        }
        while more := {pid for pid, m in seen.items() if m.parent in ours} - ours:
            ours |= more
        members = [seen[pid] for pid in sorted(ours) if not seen[pid].dead]
        self._known = {m.pid: m.started for m in members}
        self.cpu_s = max(self.cpu_s, sum(seen[pid].cpu for pid in ours))
        self.rss = sum(m.rss for m in members)
        self.peak = max(self.peak, self.rss)
        return members

    def _is_marked(self, m: Member) -> bool:
        key = (m.pid, m.started)
        if key not in self._judged:
            text = m.marks.encode() if m.marks else read(f"/proc/{m.pid}/environ")
            if not text:  # not ours to read, or just being made: asked again
                return False
            self._judged[key] = f"{MARK}={self.mark}".encode() in text
        return self._judged[key]

    def memory(self) -> int:
        """Bytes of the family, pages that are shared counted once where the machine says."""
        total = 0
        for pid in self._known:
            found = re.search(rb"^Pss:\s+(\d+)", read(f"/proc/{pid}/smaps_rollup"), re.M)
            if found is None:
                return self.rss
            total += int(found[1]) * 1024
        return total

    def writes(self) -> set[str]:
        """Files that its processes hold open for writing, as the machine says; empty where it does not."""
        return set(held_for_writing(self._known))

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ends it and all it started: asks first, then kills; nothing of it is left when this comes back.

        Raises:
            RunError: a process could not be killed.
        """
        began = time.monotonic()
        asked: set[int] = set()
        empty = 0
        while empty < 2:  # twice: a process that was being made while we looked
            left = self.family()
            empty = 0 if left else empty + 1
            took = time.monotonic() - began
            for m in left:
                if took > grace_s or m.pid not in asked:
                    _send(m.pid, signal.SIGKILL if took > grace_s else signal.SIGTERM)
                    asked.add(m.pid)
            if took > grace_s + KILL_S and left:
                pids = ", ".join(str(m.pid) for m in left)
                raise RunError(f"process {pids} of the command cannot be killed", "it may wait for a disk; see `ps`")
            self.read()
            if left:
                time.sleep(0.01)
        self.poll(wait=True)
        self.read()
        self._close()

    def _close(self) -> None:
        if self._said is not None:
            self._said.close()
        self.pipe = None


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):  # gone meanwhile; or it became another user: it stays and is named
        return


@contextmanager
def started(
    argv: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    *,
    mark: str,
    file_bytes: int = 0,
    began: int | None = None,
    stdin: str = "",
    stdout: str = "",
) -> Iterator[Process]:
    """A command under way. However this ends, nothing that the command started is left.

    mark: names its family, unlike any other. What it prints goes into `output`, errors too. stdin: a file that it
    reads; else nothing. stdout: a file for what it prints, but for errors. file_bytes: the largest file that it may
    write; 0: no limit. began: what its seconds count from, on the monotonic clock in ns; else now.

    Raises:
        RunError: it cannot be started.
    """
    process = Process(mark, time.monotonic_ns() if began is None else began)
    with terminable():
        try:
            process.start(argv, cwd, env, file_bytes, stdin, stdout)
            yield process
        finally:
            with undisturbed():
                process.stop()


def attend(processes: Sequence[Process], seconds: float) -> None:
    """Waits so long while taking in what the commands print; less where one of them closes its output."""
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as select:
        for p in processes:
            if p.pipe is not None:
                select.register(p.pipe, selectors.EVENT_READ, p)
        while (left := end - time.monotonic()) > 0:
            ready = select.select(left)
            for key, _ in ready:
                key.data.read()
            if any(key.data.pipe is None for key, _ in ready):
                time.sleep(min(left, 0.002))  # its end follows at once, as a rule
                return


@contextmanager
def _limited(file_bytes: int) -> Iterator[None]:
    """The limits are ours for the moment in which a child is made; it inherits them, and ours go back."""
    wanted = {resource.RLIMIT_CORE: 0, **({resource.RLIMIT_FSIZE: file_bytes} if file_bytes else {})}
    before = {which: resource.getrlimit(which) for which in wanted}
    try:
        for which, value in wanted.items():
            hard = before[which][1]
            resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
        yield
    finally:
        for which, pair in before.items():
            resource.setrlimit(which, pair)


@contextmanager
def terminable() -> Iterator[None]:
    """A TERM or HUP to us ends us by an exception, so that what stands in `finally` is done."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for n in ours:
        signal.signal(n, leave)
    try:
        yield
    finally:
        for n in ours:
            signal.signal(n, signal.SIG_DFL)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the clearing up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)
