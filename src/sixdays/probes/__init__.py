"""Probes: one measured run of a command in a scratch copy, as a Trace.

scratch  the copy: what is copied, what is linked, patches and preamble put in, what was written outside
run      starts a command's copies in it under the agent, watches them, stops them, leaves no process
traces   what the agent wrote → Trace
inspect  what a command is: its script, its help, its configuration, the machine
"""
