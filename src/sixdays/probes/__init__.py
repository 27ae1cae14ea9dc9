"""Probes: one measured run of a command in a scratch copy, as a Trace.

copying  what of a project goes into a copy: copied, linked, left out; a copy made clean again
entry    the Python script inside a command
scratch  the copies: patches, preamble, words and environment put in
run      starts a command's copies in it under the agent, watches them, stops them, leaves no process
traces   what the agent wrote → Trace
machine  what is here for a command to use, and who else uses it
inspect  what a command is: its help, its configuration, its sources; why it cannot be measured here
"""
