"""What trackers wrote, as values: series, runs, how they are grouped, how far they are. Pure; readers make the values."""
