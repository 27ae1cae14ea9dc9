"""Where records and texts are kept."""
