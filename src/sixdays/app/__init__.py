"""Use cases, one function each: read, call engines in order, record."""
