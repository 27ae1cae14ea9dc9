"""The shipped prior and personal history by a time split on the public estimates (rule E7).

    SIXDAYS_DATA=… python -m benchmarks.prior

SiP: the later 30 % by date of estimate, each row predicted from the rows finished before it was estimated.
The prior is fitted on the earlier part of SiP and the other sources alone, by fits/prior.py's own function.
"""

from __future__ import annotations

import os
import sys
from math import log

import numpy as np
from fits.prior import fit, read

from sixdays.odds import history
from sixdays.odds.history import RatioTable, shrunk
from sixdays.stats import crps_sample

LEVELS = (np.arange(101) + 0.5) / 101
SIGMA = 0.42


def main() -> None:
    if not os.environ.get("SIXDAYS_DATA"):
        print("prior: set SIXDAYS_DATA", file=sys.stderr)
        return
    sip = read("sip")
    split = np.quantile(sip.estimated, 0.7)
    early, late = sip.only(sip.estimated <= split), sip.only(sip.estimated > split)
    made = fit([early, read("cesaw"), read("renzo")])
    sizes, levels, table = (np.array(made[k]) for k in ("ln_seconds", "levels", "log_ratios"))
    scores: dict[str, list[tuple[float, float, float, float]]] = {}
    ratio = np.log(sip.actual / sip.estimate)
    every = np.sort(np.log(early.actual / early.estimate))
    for k in np.flatnonzero(sip.estimated > split)[::2]:
        known = sip.finished < sip.estimated[k]
        own = known & (sip.who == sip.who[k])
        size, seen = log(sip.estimate[k] * 3600), ratio[k]
        prior = RatioTable(levels, np.array([np.interp(size, sizes, column) for column in table.T]))
        weights = 0.5 ** ((sip.estimated[k] - sip.finished) / history.HALF_LIFE_DAYS) * known
        weights = weights * np.exp(-0.5 * ((np.log(sip.estimate * 3600) - size) / history.BANDWIDTH) ** 2)
        alike = own & (sip.kind == sip.kind[k])
        ours = shrunk([(ratio[m], weights[m]) for m in (alike, own, known)], prior)
        alone = shrunk([(ratio[m], weights[m]) for m in (alike, own)], prior)
        last = ratio[own][np.argsort(sip.finished[own])][-50:]
        predicted = {
            "raw estimate": np.zeros(101),
            "0.5–2× lognormal": SIGMA * history_normal(),
            "global empirical": np.quantile(every, LEVELS),
            "EBS, last 50 of the person": np.quantile(last if len(last) > 4 else every, LEVELS),
            "shipped prior alone": prior.quantile(LEVELS),
            "ours, own history only": alone.quantile(LEVELS),
            "ours, own and the pool's": ours.quantile(LEVELS),
        }
        for name, draws in predicted.items():
            scores.setdefault(name, []).append(score(draws, seen))
    print(f"SiP, {len(late.who)} later tasks (every second is scored), ln hours\n")
    print(f"{'':<28}{'CRPS':>8}{'log score':>11}{'Brier 1.5×':>12}{'cover 80 %':>12}")
    for name, rows in scores.items():
        crps, logs, brier, cover = np.mean(np.array(rows), axis=0)
        print(f"{name:<28}{crps:8.3f}{logs:11.3f}{brier:12.3f}{cover:12.1%}")


def history_normal() -> np.ndarray:
    from sixdays.stats import normal_quantile

    return normal_quantile(LEVELS)


def score(draws: np.ndarray, seen: float) -> tuple[float, float, float, float]:
    """CRPS, log score in bits of bins of ln ratio (so that atoms count), Brier of "within 1.5×", coverage of 80 %."""
    bins = np.array([-np.inf, -1.5, -1.0, -0.7, -0.4, -0.2, -0.05, 0.05, 0.2, 0.4, 0.7, 1.0, 1.5, np.inf])
    share = (np.histogram(draws, bins)[0] + 0.25) / (len(draws) + 0.25 * (len(bins) - 1))
    at = int(np.searchsorted(bins, seen, side="right")) - 1
    within = float(np.mean(draws <= log(1.5)))
    low, high = np.quantile(draws, (0.1, 0.9))
    return (
        crps_sample(draws, seen),
        -float(np.log2(share[at])),
        (within - float(seen <= log(1.5))) ** 2,
        float(low - 1e-9 <= seen <= high + 1e-9),
    )


if __name__ == "__main__":
    main()
