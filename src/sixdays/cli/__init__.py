"""The command line: one table of commands; each is imported when it is called.

`--help` and `--version` print from the table and load no other module of sixdays but errors.
Exit codes: 0 done · 1 sixdays failed · 2 usage · 3 plan invalid · 4 `check`: below the bar ·
5 `check`: impossible as planned · 6 `faster`: refused, or the user's command failed · 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sixdays.errors import SixdaysError

EXIT_FAILED, EXIT_USAGE, EXIT_PLAN, EXIT_RUN, EXIT_INTERRUPTED = 1, 2, 3, 6, 130

GROUPS = ("Will it fit?", "Make it fit", "Learn from it", "Show it")

# command → (group, one line of help); an empty group is listed at the end.
COMMANDS: dict[str, tuple[str, str]] = {
    "odds": ("Will it fit?", "tries left and odds of every deadline; why, where it is impossible"),
    "suppose": ("Will it fit?", "suppose the paper is done: what has to happen?"),
    "ask": ("Will it fit?", "the question whose answer would change the odds most"),
    "what-if": ("Will it fit?", 'the odds after a change: sixdays what-if "method 2x faster"'),
    "init": ("Will it fit?", "writes plan.yaml from five questions, or from your logs"),
    "faster": ("Make it fit", "what speeds up a command: sixdays faster -- python train.py"),
    "judge": ("Make it fit", "are these curves a result? sixdays judge results/"),
    "start": ("Make it fit", "say what began"),
    "done": ("Make it fit", "say what finished, or which try failed"),
    "check": ("Show it", "the odds as an exit code, for CI and hooks"),
    "demo": ("", "the story, live"),
    "undo": ("", "takes back the last edit of the plan"),
}
FIRST = """Will your experiments make the deadline?

  sixdays "2 x 3d one after another by 8 Nov AoE"
  sixdays runs/ --by "3 Dec AoE"        from the logs you have
  sixdays                               from ./plan.yaml
  sixdays anna/ ben/                    several plans on one pool
"""
LAST = """See it in a minute: sixdays demo.  Also: undo

  sixdays COMMAND --help                what a command takes
  every command: --json, --now TIME; forecasts: --seed, --draws, --as-stated"""


def help_text() -> str:
    """The whole of `sixdays --help`; it fits a screen."""
    lines = [FIRST]
    for group in GROUPS:
        rows = [(name, line) for name, (of, line) in COMMANDS.items() if of == group]
        if rows:
            lines += [group, *(f"  {name:<11} {line}" for name, line in rows), ""]
    return "\n".join([*lines, LAST])


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a command line and exits with its code."""
    code = run(list(sys.argv[1:] if argv is None else argv))
    if code == EXIT_INTERRUPTED:  # Python would end as killed by the signal where it struck inside a C import
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Runs a command line; returns its exit code. The one place where exceptions become codes."""
    from sixdays.errors import SixdaysError

    try:
        return _dispatch(argv)
    except SixdaysError as e:
        return _said(e, json="--json" in argv)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one must not end us half way out
        _err("interrupted; nothing was left half written")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as e:  # noqa: BLE001  the one catch-all: the traceback goes to a file that is named
        return _crashed(e)


def _dispatch(argv: list[str]) -> int:
    if not argv:
        if not os.path.exists("plan.yaml"):
            print(help_text())  # noqa: T201
            return 0
        argv = ["odds"]
    if argv[0] in ("--help", "-h", "help"):
        print(help_text())  # noqa: T201
        return 0
    if argv[0] in ("--version", "-V"):
        from sixdays import __version__

        print(f"sixdays {__version__}")  # noqa: T201
        return 0
    name = argv[0]
    if name not in COMMANDS:
        _not_a_command(name)
        name, argv = ("logs" if _is_logs(name) else "odds"), ["", *argv]
    import click

    module = import_module(f"sixdays.cli.{name.replace('-', '_')}")
    command: click.Command = module.command
    try:
        code = command.main(args=argv[1:], prog_name=f"sixdays {name}".removesuffix(" logs"), standalone_mode=False)
    except click.exceptions.Exit as e:
        return e.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as e:
        from sixdays.errors import UsageError

        raise UsageError(e.format_message(), f"sixdays {name} --help") from None
    return code if isinstance(code, int) else 0


def _not_a_command(name: str) -> None:
    """A bare argument is a sentence, a plan or a folder; a lone word that is none of them is a mistake."""
    from sixdays.errors import UsageError, did_you_mean

    if name.startswith("-") or any(c.isspace() for c in name) or os.path.exists(name) or os.sep in name:
        return
    if name.endswith((".yaml", ".yml")):
        return
    hint = did_you_mean(name, COMMANDS, "sixdays --help lists the commands")
    raise UsageError(f'"{name}" is no command, no file and no sentence', hint)


def _is_logs(name: str) -> bool:
    """A folder without a plan, or a file that is none, holds logs."""
    if os.path.isdir(name):
        return not os.path.exists(os.path.join(name, "plan.yaml"))
    return os.path.exists(name) and not name.endswith((".yaml", ".yml"))


def _said(error: SixdaysError, *, json: bool) -> int:
    """Prints an error of ours as people or programs read it; returns its exit code."""
    from sixdays.errors import PlanError, Problem, RunError, UsageError

    problems = error.problems if isinstance(error, PlanError) else (Problem(error.message, error.hint),)
    if json:
        import json as js

        told = [p.to_dict() for p in problems]
        print(js.dumps({"schema": 1, "problems": told}, ensure_ascii=False, indent=1))  # noqa: T201
    if isinstance(error, PlanError):
        if not json:
            from sixdays.render.problems import plan_error_lines

            _err("\n".join(plan_error_lines(error)))
        return EXIT_PLAN
    from sixdays.render.problems import error_lines

    _err("\n".join(error_lines(error.message, error.hint)))
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_RUN if isinstance(error, RunError) else EXIT_FAILED


def _crashed(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="sixdays-", suffix=".txt", delete=False, encoding="utf-8") as f:
        traceback.print_exception(error, file=f)
    _err(f"sixdays failed: {type(error).__name__}. That is a mistake of ours, not of yours.")
    _err(f"   hint: the details are in {f.name}; please send them")
    return EXIT_FAILED


def _err(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
