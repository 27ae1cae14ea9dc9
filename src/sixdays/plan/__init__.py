"""The plan: text, values, changes, and the network that all engines read."""
