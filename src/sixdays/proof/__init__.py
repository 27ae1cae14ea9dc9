"""Proofs from stated facts: chain, pile, search, and what would mend them."""
