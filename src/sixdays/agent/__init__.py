"""The agent: counts what a command does, from inside it, without an edit. Standard library only.

This folder is put first on PYTHONPATH of the user's command, so Python loads `sitecustomize.py` here at its start;
nothing of ours imports it, and it imports nothing of ours.
"""
