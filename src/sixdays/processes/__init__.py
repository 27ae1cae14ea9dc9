"""Starting, limiting and killing a command with all its children.

members  the processes of the machine, now
output   what a command prints
program  which program a command names; how to mend it where there is none
running  a command under way, and everything it started
"""

from sixdays.processes.members import busy_s, is_open_for_writing, table
from sixdays.processes.output import Output
from sixdays.processes.running import MARK, Process, attend, started, terminable, undisturbed

__all__ = [
    "MARK",
    "Output",
    "Process",
    "attend",
    "busy_s",
    "is_open_for_writing",
    "started",
    "table",
    "terminable",
    "undisturbed",
]
