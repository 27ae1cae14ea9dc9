"""What trackers wrote, as values: series, runs, their groups, how far they are. Pure; readers make the values."""
