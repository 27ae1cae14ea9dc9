"""Readers: one file each for a log format, behind one protocol (see `text` for the shared parts). Found by listing."""
