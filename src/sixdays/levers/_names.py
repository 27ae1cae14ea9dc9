"""What the name of an option means: what it is about, and whether it sets how often, how many, whether or which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sixdays.faster.model import Kind, Promise
from sixdays.faster.option import Option

COMPILING_S = 90.0  # a run may take longer until networks are compiled
About = Literal[
    "drawing", "evaluation", "logging", "saving", "tracker", "progress", "checks", "deterministic", "compile",
    "fused", "workers", "threads", "pinned", "precision", "device", "environments", "batch",
]  # fmt: skip
Sets = Literal["interval", "number", "switch", "choice"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A thing that a program does beside the training, or a way in which it does it.

    words: its names. fewer: counters that it moves. below: functions and files under which its time is seen.
    library: all of its time is seen in files of libraries, so none seen means none spent. verb: what a text says of
    it. coarser: what is spoilt where it happens less often, or not.
    """

    about: About
    words: frozenset[str]
    promise: Promise = "same"
    fewer: tuple[Kind, ...] = ()
    below: str = ""
    library: bool = False
    verb: str = ""
    coarser: str = ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOPICS: tuple[Topic, ...] = (
    Topic(
        "drawing",
        _words("""plot plots plotting draw drawing render rendering video videos figure figures visualize visualise viz
        vis visualization image images gif gifs animation animate picture pictures movie movies gui viewer headless"""),
        below=r"(^|_)(plot|draw|render|visuali[sz]e|animate|save_?fig|video)"
        r"|/(matplotlib|moviepy|imageio|pygame|cv2|PIL|seaborn)/",
        verb="drawn",
        coarser="fewer pictures on the way",
    ),
    Topic(
        "evaluation",
        _words("eval evals evaluation evaluate evaluating val valid validation validate test tests testing dev"),
        fewer=("evaluation", "env step", "batch"),
        verb="evaluated",
        coarser="the evaluation curve has fewer points, other ones where evaluations draw from a stream of their own",
    ),
    Topic(
        "logging",
        _words("""log logs logging logger print printing report reporting display summary summaries stats metrics tb
        monitor tensorboard histogram console"""),
        fewer=("printed",),
        below=r"(^|_)(log(?!_?(prob|soft|sum|std|sig|lik|p$))|logs|logging|report|print|summary|add_scalars?)(_|$)"
        r"|/(tensorboard|tensorboardX|wandb|logging|mlflow)/",
        verb="logged",
        coarser="the logged curves have fewer points",
    ),
    Topic(
        "saving",
        _words("save saves saving checkpoint checkpoints checkpointing ckpt ckpts snapshot snapshots dump backup"),
        below=r"(^|_)(save|dump|checkpoint|snapshot)",
        verb="saved",
        coarser="fewer checkpoints to go back to",
    ),
    Topic(
        "tracker",
        _words("wandb track tracking mlflow comet neptune clearml aim tensorboard tb"),
        below=r"/(wandb|mlflow|comet_ml|neptune|clearml|aim|tensorboard|tensorboardX)/",
        library=True,
        coarser="nothing is sent to the tracker",
    ),
    Topic(
        "progress",
        _words("progress pbar tqdm bar progressbar rich verbose verbosity"),
        fewer=("printed",),
        below=r"/(tqdm|rich|progressbar)/|(^|_)print",
        verb="shown",
        coarser="less to see on the way",
    ),
    Topic(
        "checks",
        _words("anomaly profile profiling profiler debug nans numerics watch gradcheck"),
        coarser="what these checks would have told",
    ),
    Topic(
        "deterministic", _words("deterministic determinism"), "equivalent", coarser="two runs may differ in rounding"
    ),
    Topic("compile", _words("compile compiled jit torchcompile torchscript"), "equivalent"),
    Topic("fused", _words("fused foreach"), "equivalent"),
    Topic("pinned", _words("pin pinned persistent"), below=r"/torch/utils/data/", library=True),
    Topic("workers", _words("workers nworkers"), "equivalent", below=r"/torch/utils/data/|^__getitem__$"),
    Topic("threads", _words("threads nthreads"), "equivalent"),
    Topic("precision", _words("amp fp16 bf16 half precision dtype autocast bfloat16 tf32"), "changed"),
    Topic("device", _words("cuda gpu device accelerator accel"), "equivalent"),
    Topic("environments", _words("envs environments actors nenvs nenv"), "changed", coarser="it is another experiment"),
    Topic("batch", _words("batch batchsize bs"), "changed", coarser="it is another experiment"),
)

# Words that may stand beside a topic's own, by what the option then sets.
_INTERVAL = _words("every freq frequency interval intervals period each between")
_SPAN = _words("""n per steps step epochs epoch iters iter iterations episodes updates batches timesteps train in the
    model k global check num nth training games rollouts delta time data""")
_COUNT = _words("""n num number nb iters iterations batches episodes epis eps runs games samples items size steps trials
    seeds rollouts max total count limit per times points episode run""")
_USE = _words("""use enable enabled with do run is capture record save show live log should make keep final always best
    to mode online during training train and report model models result results curve curves env torch cudnn set
    algorithms detect nan memory optimizer optim adam adamw sgd loss losses""")
_NOT = _words("no not disable disabled skip without dont off quiet silent headless")
_SIZES = _words(
    "num n number nb of parallel train training per device data dataloader loader size gpu mini vec env torch"
)
_CHOICES = _words("mixed to training use report mode type")
_ELSEWHERE = _words("""dir path folder file name project entity id key root group tag tags url host port format fmt
    prefix suffix split ratio fraction frac prob threshold lr seed start from resume load only out""")
_HOW_OFTEN = re.compile(r"\b(every|each|between|intervals?|frequency|how often|per)\b", re.I)


@dataclass(frozen=True, slots=True)
class Meaning:
    """topic: what an option is about. sets: what of it. opposite: the switch turns it off when it is on."""

    topic: Topic
    sets: Sets
    opposite: bool = False


def meaning(option: Option, intervals: frozenset[str] = frozenset()) -> Meaning | None:
    """What an option's name means; None where it has nothing to do with speed.

    intervals: what other options set how often: the evaluation has an interval, so its `steps` are a number.
    """
    longest = max((*option.spellings, option.name), key=len)
    parts = _split(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", longest))
    words = _split(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", longest.rpartition(".")[2]))
    if not words or set(words) & _ELSEWHERE:
        return None
    for topic in TOPICS:
        own = topic.words & set(words)
        # A key below a section is about the section: eval.every, checkpoint.interval.
        within = bool(topic.words & set(parts)) and set(words) <= _INTERVAL | _SPAN | _COUNT | {"enabled", "enable"}
        if not own and not within:
            continue
        if found := _sets(topic, [w for w in words if w not in topic.words or w in _NOT], option, intervals):
            return found
    return None


def _sets(topic: Topic, rest: list[str], option: Option, intervals: frozenset[str]) -> Meaning | None:
    value, others = option.value, set(rest)
    if option.style == "switch" or isinstance(value, bool) or option.type in ("bool", "truthy"):
        return Meaning(topic, "switch", opposite=bool(others & _NOT)) if others <= _USE | _NOT | _SPAN else None
    if option.choices or isinstance(value, str):
        return Meaning(topic, "choice") if others <= _CHOICES else None
    if topic.about == "batch" and others & {"num", "n", "number", "nb"}:  # how many batches, not how large
        return None
    if topic.about in ("workers", "threads", "environments", "batch"):
        return Meaning(topic, "number") if others <= _SIZES else None
    if topic.about == "progress":
        return Meaning(topic, "number") if not others else None
    return _often(topic, others, option, intervals)


def _often(topic: Topic, others: set[str], option: Option, intervals: frozenset[str]) -> Meaning | None:
    """How often a thing beside the training is done, or on how many items."""
    if topic.about not in ("drawing", "evaluation", "logging", "saving"):
        return None
    if others & _INTERVAL and others <= _INTERVAL | _SPAN | _USE:
        return Meaning(topic, "interval")
    if not others and _HOW_OFTEN.search(option.help):
        return Meaning(topic, "interval")
    if others and others <= {"steps", "step", "epochs", "epoch"} and topic.about not in intervals:
        return Meaning(topic, "interval")
    if topic.about == "evaluation" and others and others <= _COUNT:
        return Meaning(topic, "number")
    return None


def _split(name: str) -> list[str]:
    return [w for w in re.split(r"[_\W]+", name.lower()) if w]
