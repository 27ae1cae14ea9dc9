"""Estimates, dispatch, tries and forecasts: everything that is drawn."""
