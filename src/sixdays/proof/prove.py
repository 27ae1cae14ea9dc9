"""Is a target impossible? The stages in their order, then what would mend it (rules K2, K5, K6)."""

from __future__ import annotations

from dataclasses import replace

from sixdays.plan.model import Plan
from sixdays.plan.network import Goal, Network, build
from sixdays.proof.certificate import Certificate, Mend
from sixdays.proof.chain import prove_chain
from sixdays.proof.exact import Budget, installed, prove_exact
from sixdays.proof.floors import bounds, floors_of
from sixdays.proof.mend import mends
from sixdays.proof.pile import prove_pile

SEARCH_S = 30.0  # of exhaustive search a command (rule K5)


def by_hand(network: Network, goal: Goal) -> Certificate | None:
    """A proof that a person can re-add: chain, then pile. None where neither proves."""
    if not network.is_open(goal):
        return None
    floors = floors_of(network)
    found = bounds(network, floors, goal)
    return prove_chain(network, floors, found, goal) or prove_pile(network, floors, found, goal)


class Prover:
    """Proves targets impossible, for one command: its searches share one budget of seconds.

    search: use the extra `[exact]` where it is installed.
    """

    def __init__(self, *, search: bool = True, search_s: float = SEARCH_S, mend: bool = True) -> None:
        self.search = search and installed()
        self.budget = Budget(search_s)
        self.mend = mend

    def __call__(self, network: Network, goal: Goal) -> tuple[Certificate | None, tuple[str, ...] | None]:
        """A certificate with its mends, or None; and an order that meets the deadline, if one was found."""
        certificate, order = by_hand(network, goal), None
        if certificate is None and self.search and network.is_open(goal):
            certificate, order = prove_exact(network, floors_of(network), goal, self.budget)
        if certificate is None or not self.mend:
            return certificate, order
        return replace(certificate, changes=self.mends(network, goal, certificate)), None

    def mends(self, network: Network, goal: Goal, certificate: Certificate) -> tuple[Mend, ...]:
        def proved(plan: Plan, search: bool) -> bool:
            changed = build(plan, network.now, network.actuals)
            again = changed.goal(goal.name)
            if by_hand(changed, again) is not None:
                return True
            if not (search and self.search and changed.is_open(again)):
                return False
            return prove_exact(changed, floors_of(changed), again, self.budget, explain=False)[0] is not None

        return mends(network, goal, certificate, proved)


def certify(network: Network, goal: Goal, *, search: bool = True, search_s: float = SEARCH_S) -> Certificate | None:
    """A certificate that a target cannot be met, with what would be enough; None where nothing is proved."""
    return Prover(search=search, search_s=search_s)(network, goal)[0]
