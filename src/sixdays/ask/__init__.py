"""Questions, suppositions, the interview: what to ask of a forecast."""
