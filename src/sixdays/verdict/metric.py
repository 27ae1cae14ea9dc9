"""Which metric to judge, and which way is better: one table of names, whose examples are its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# (pattern, higher is better): the first row that matches decides the sign.
SIGNS: tuple[tuple[str, bool], ...] = (
    (r"r2|r_squared|log_?lik|ll$|elbo|snr|psnr|ssim", True),
    (r"return|reward|\b(?:\w+_)?rew(?:_\w+)?\b|score|success|win_?rate|solved|ep_?ret|\br\b|profit|fitness", True),
    (
        r"acc(uracy)?|auc|auroc|f1|precision|recall|iou|dice|bleu|rouge|map(?:50)?(?![a-z])|(?<![a-z])ap(?:50|75)?(?![a-z])|ndcg|hit|pass|correct|top_?[15]\b",
        True,
    ),
    (r"loss|err(or)?|perplexity|ppl|bpb|bpc|nll|mse|mae|rmse|wer|cer|fid|regret|cost|latency|divergence|\bkl\b", False),
    (r"per_?sec|fps|sps|throughput", True),
)
# How well a tag serves as the result, best first; what comes from evaluation goes before training.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EVALUATED = re.compile(r"(^|[/_. -])(eval\w*|test\w*|val\w*|dev|holdout)([/_. -]|$)", re.I)
_LIKED: tuple[re.Pattern[str], ...] = tuple(
    re.compile(p, re.I)
    for p in (
        r"normali[sz]ed.*(score|return)|human_normal",
        r"return|reward|(^|_|/)rew(_|$)|score|ep_?ret|^r$",
        r"success|win_?rate|solved",
        r"(^|[/_])m?ap(50)?([-_(/]|$)",
        r"acc(uracy)?$|acc(uracy)?[/_@]|auc|auroc|f1|iou|bleu|ndcg|bpb|pass@|top_?1",
        r"perplexity|ppl|loss|nll|mse|err(or)?|wer|fid",
        r"^(value|metric|result|objective)$",
    )
)
_PASSED_OVER = re.compile(
    r"(std|min|max|median|var|len(gth)?|count|n_?episodes?|time|fps|sps|lr|learning_rate|epsilon|entropy|kl|clip|grad|"
    r"norm|buffer|update|explained|memory|gpu|cpu|policy_loss|pg_loss|value_loss|v_loss|vf_loss|q_loss|qf\d?_loss|"
    r"actor_loss|critic_loss|td_loss|alpha|hparam|progress|eta|q_?values?|qf\d?_values?)(ilation)?$|(^|/)(min|max|std|low|high)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Metric:
    """The tag that is judged. why: how tag and sign were found, in words; sure: whether the sign is known."""

    tag: str
    higher_is_better: bool
    why: str
    sure: bool = True


def sign(tag: str) -> bool | None:
    """Whether more is better, by the name of a metric; None where the name does not tell.

    >>> sign("eval/mean_reward"), sign("val_loss"), sign("charts/x")
    (True, False, None)
    """
    last = tag.replace("/", " ").replace("-", "_")
    # the last word that tells wins: "reward_loss" is a loss
    hits = [(m.end(), higher) for pattern, higher in SIGNS for m in re.finditer(pattern, last, re.I)]
    return max(hits, key=lambda h: h[0])[1] if hits else None


def choose(tags: Mapping[str, int], *, asked: str | None = None, higher: bool | None = None) -> Metric:
    """The metric to judge: the one asked for, else the likeliest result among the tags that most runs have.

    Args:
        tags: tag → in how many runs it stands.
        asked: a tag, or the end of one (`mean_reward` for `eval/mean_reward`). higher: what the user says of its sign.

    Raises:
        ValueError: nothing is logged, or no run has what was asked for; with the tags that there are.

    >>> choose({"train/loss": 4, "eval/mean_reward": 4, "rollout/ep_rew_mean": 4}).tag
    'eval/mean_reward'
    """
    if not tags:
        raise ValueError("no metric is logged there")
    if asked is not None:
        tag = _asked(asked, tags)
        why = f"{tag} as asked"
    else:
        tag = min(tags, key=lambda t: (*_rank(t), -tags[t], t))
        others = sorted((t for t in tags if t != tag), key=lambda t: (*_rank(t), t))[:3]
        why = f"{tag} taken" + (f" (there are also {', '.join(others)}; --metric NAME)" if others else "")
    known = sign(tag)
    if higher is None and known is None:
        return Metric(tag, True, f"{why}; more taken as better: its name does not say; --lower if less is", False)
    way = known if higher is None else higher
    return Metric(tag, bool(way), f"{why}; {'more' if way else 'less'} is better")


def _asked(asked: str, tags: Mapping[str, int]) -> str:
    if asked in tags:
        return asked
    ends = [t for t in tags if t.lower().endswith(asked.lower())] or [t for t in tags if asked.lower() in t.lower()]
    if not ends:
        shown = ", ".join(sorted(tags, key=lambda t: -tags[t])[:12])
        raise ValueError(f'no run logs "{asked}"; they log {shown}')
    if len(ends) > 1:
        raise ValueError(f'"{asked}" may be {", ".join(sorted(ends)[:12])}; name one of them')
    return ends[0]


def _rank(tag: str) -> tuple[bool, bool, int]:
    """(is a by-product, is not from evaluation, row of the table): smaller is better."""
    tag = _CAMEL.sub("_", tag)
    liked = next((i for i, p in enumerate(_LIKED) if p.search(tag)), len(_LIKED))
    return bool(_PASSED_OVER.search(tag)), liked == len(_LIKED), 2 * liked + (not _EVALUATED.search(tag))
