"""What a path says of a run by itself: a table of how public projects name their folders and files.

Each row's example is its test (tests/unit/test_grouping.py). Rows are tried in order on the whole path; what a row
recognises is taken out, so that later rows see only the rest. What is left over names the group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_DATE = r"(?:19|20)\d\d(?:[-_.]\d\d[-_.]\d\d|[01]\d[0-3]\d)"
_CLOCK = r"[T_ -]{0,2}[0-2]\d[-_:.h]?[0-5]\d(?:[-_:.m]?[0-5]\d)?(?:\.\d+)?s?"

# Names that say nothing of a method or a task, wherever they stand.
GENERIC = frozenset(
    re.findall(
        r"\S+",
        "runs run logs log logdir log_dir logger results result result_dir outputs output out exp exps "
        "experiment experiments data checkpoints checkpoint ckpt ckpts models saved saves tb tensorboard "
        "tensorboard_logs tb_logs tblogs csv csv_logs wandb mlruns mlflow metrics metric progress history "
        "monitor events scalars stats summary summaries train training trainer trainer_state eval evaluation "
        "evaluations test val valid files latest-run latest_run latest default lightning_logs ray_results "
        "multirun singlerun trials trial seeds seed tmp artifacts params debug-internal offline version "
        "lightning env envs task tasks dataset datasets game games hydra train_log loss rollout main",
    )
)

# Benchmark tasks known by name, where their shape alone does not tell. Written without case and separators.
_WORDS = re.findall(
    r"\S+",
    # Atari
    "adventure airraid alien amidar assault asterix asteroids atlantis bankheist battlezone beamrider berzerk bowling "
    "boxing breakout carnival centipede choppercommand crazyclimber demonattack doubledunk elevatoraction enduro "
    "fishingderby freeway frostbite gopher gravitar hero icehockey jamesbond journeyescape kaboom kangaroo krull "
    "kungfumaster montezumarevenge mspacman namethisgame phoenix pitfall pong pooyan privateeye qbert riverraid "
    "roadrunner robotank seaquest skiing solaris spaceinvaders stargunner tennis timepilot tutankham upndown venture "
    "videopinball wizardofwor yarsrevenge zaxxon "
    # control
    "cartpole mountaincar mountaincarcontinuous acrobot pendulum lunarlander lunarlandercontinuous bipedalwalker "
    "carracing hopper walker2d halfcheetah ant humanoid humanoidstandup swimmer reacher pusher inverteddoublependulum "
    "invertedpendulum antmaze maze2d crafter minecraft "
    # Procgen
    "bigfish bossfight caveflyer chaser climber coinrun dodgeball fruitbot heist jumper leaper maze miner ninja "
    "plunder starpilot "
    # data sets
    "mnist fashionmnist kmnist emnist cifar10 cifar100 svhn stl10 imagenet imagenet1k imagenet100 imagenette "
    "tinyimagenet celeba coco ade20k cityscapes voc kitti wmt wmt14 wmt16 wikitext2 wikitext103 openwebtext "
    "shakespeare shakespearechar enwik8 text8 c4 fineweb fineweb10b thepile redpajama librispeech ogbg criteo1tb "
    "fastmri cola sst2 mrpc qqp stsb mnli qnli rte wnli squad squadv2 imdb agnews yelp gsm8k hellaswag mmlu "
    "arc boolq piqa winogrande humaneval movielens cora citeseer pubmed",
)
# The words of one name may stand apart: `space_invaders`, `cifar-10`, `tiny-imagenet`.
_KNOWN = "|".join(r"[_-]?".join(re.findall(r"[a-z]|\d+", w)) for w in sorted(_WORDS, key=lambda w: -len(w)))
# First words of D4RL's and Meta-World's names: `pen-human-v1`, `drawer-open-v2`.
_HEADS = (
    "assembly|basketball|bin|box|button|coffee|dial|disassemble|door|drawer|faucet|hammer|hand|handle|kitchen|lever|peg|"
    "pen|pick|plate|push|reach|relocate|shelf|soccer|stick|sweep|window"
)
_DOMAINS = (
    "acrobot|ball_in_cup|cup|cartpole|cheetah|dog|finger|fish|hopper|humanoid(?:_CMU)?|lqr|manipulator|pendulum|"
    "point_mass|quadruped|reacher|stacker|swimmer|walker"
)
_ACTS = (
    r"swingup_sparse|swingup|balance_sparse|balance|two_poles|three_poles|run_backwards|walk_backwards|walk|run|trot|"
    r"stand|fetch|escape|hop_backwards|hop|flip|jump|spin|turn_easy|turn_hard|upright|swim|easy|hard|catch|bring_ball|"
    r"bring_peg|insert_ball|insert_peg|reach|swimmer6|swimmer15|lqr_\d_\d|stack_2|stack_4"
)
_SUITES = "dmc|atari|atari100k|procgen|dmlab|minigrid|memorymaze|metaworld|bsuite|crafter|minecraft|loconav"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of naming. example: a path, then the (group, task, seed) that it means when read alone."""

    name: str
    pattern: re.Pattern[str]
    example: tuple[str, tuple[str, str, str]]


def _row(name: str, pattern: str, path: str, group: str, task: str = "", seed: str = "") -> Layout:
    return Layout(name, re.compile(pattern), (path, (group, task, seed)))


# Groups of a pattern: group, task, seed (written so), number (perhaps a seed), key and value (a setting).
LAYOUTS = (
    _row("event file", r"events\.out\.tfevents[^/]*", "dqn/events.out.tfevents.1700000000.host.1.0", "dqn"),
    _row("file ending", r"(?:\.monitor)?\.(?:csv|tsv|txt|jsonl?|log|wandb|db|sqlite3?|npz|out)(?:\.gz)?(?=$|/|#)",
         "adamw.csv", "adamw"),
    _row("MLflow", r"(?<![^/])mlruns/(?P<group>\d+)/[0-9a-f]{32}" + _END,
         "mlruns/2/0a1b2c3d4e5f60718293a4b5c6d7e8f9", "experiment2"),
    _row("W&B", r"(?<![^/])(?:offline-)?run-(?:\d{8}_\d{6}-)?[a-z0-9]{4,}(?=$|/)",
         "wandb/run-20240101_120000-abc123de/files", "runs"),
    _row("CleanRL", r"(?<![^/])(?P<task>[^/]+?)__(?P<group>[^/]+?)__(?P<seed>\d+)__\d{9,}",
         "runs/Hopper-v4__sac_continuous_action__3__1700000000", "sac_continuous_action", "Hopper-v4", "3"),
    _row("Ray Tune", r"(?<![^/])(?P<group>[A-Z][A-Z0-9]+)_(?P<task>[^/=]+?)_[0-9a-f]{5,8}_\d{5}(?:_\d+)?(?=$|/|_)",
         "PPO_CartPole-v1_abc12_00000_0_lr=0.1,seed=3_2024-01-02_03-04-05", "PPO", "CartPole-v1", "3"),
    _row("Ray Tune", r"(?<![^/])(?P<group>[A-Z][A-Z0-9]+)_env=(?P<task>[^/=,]+?)_[0-9a-f]{5,8}_\d{5}(?:_\d+)?(?=$|/|_)",
         "PPO_env=Ant-v4_abc12_00000_0_seed=3_2024-01-02_03-04-05", "PPO", "Ant-v4", "3"),
    _row("Ray Tune", r"(?<![^/])(?P<group>[A-Za-z][^/=]*?)_[0-9a-f]{5,8}_\d{5}(?:_\d+)?(?=$|/|_)",
         "train_cnn_abc12_00003_3_lr=0.1", "train_cnn"),
    _row("TensorBoard folder", r"(?<![^/])[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_?[^/_]*",
         "runs/Jan02_03-04-05_node7_vit", "vit"),
    _row("time", rf"(?<!\d){_DATE}(?:/?{_CLOCK})?(?!\d)", "2024-01-02/03-04-05/mae", "mae"),
    _row("time", r"(?<!\d)1[4-9]\d{8}(?:\d{3})?(?:\.\d+)?(?!\d)", "mae_1700000000", "mae"),
    _row("time", r"(?<![\w-])[0-2]\d[-:][0-5]\d[-:][0-5]\d(?![\w-])", "mae/12-30-00", "mae"),
    _row("hash", _START + r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}" + _END,
         "bc/123e4567-e89b-12d3-a456-426614174000", "bc"),
    _row("hash", _START + r"(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}" + _END, "bc_0f3a9c1", "bc"),
    _row("hash", r"(?<![^/])(?=(?:[a-z]+\d+){2}|(?:\d+[a-z]+){2})[a-z0-9]{8}(?=$|/)", "bc/3k9d8x2a", "bc"),
    _row("job number", _START + r"(?:slurm|job|jobid|pid)[_=-]?\d+" + _END, "bc_slurm-123456", "bc"),
    _row("seed", r"(?<![A-Za-z])(?:random|rng|env)?[_-]?[Ss]eeds?[=_\-. /]?(?P<seed>\d+)" + _END,
         "td3/Walker2d/seed_7", "td3", "Walker2d", "7"),
    _row("seed", _START + r"s[=_]?(?P<seed>\d+)(?![0-9A-Za-z:])", "data/cmd_ppo_s10/progress.txt", "cmd_ppo", "", "10"),
    _row("setting", r"\+{0,2}(?<![0-9A-Za-z.])(?P<key>[A-Za-z][\w.]*?)=(?P<value>[^,/= ]*?)"
         r"(?=,|/|$|[ _&+-]+[A-Za-z][\w.]*=|_*$)",
         "multirun/lr=0.1,algo=ppo", "ppo"),
    _row("environment", r"(?<![^/_ ])ALE/(?P<task>[A-Z]\w*-v\d+)" + _END,
         "rainbow/ALE/Pong-v5/0", "rainbow", "Pong-v5", "0"),
    _row("environment", _START + r"(?P<task>[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(?:-[A-Z0-9][A-Za-z0-9]*)*-v\d+)" + _END,
         "logs/ppo/CartPole-v1_1", "ppo", "CartPole-v1", "1"),
    _row("environment", _START + rf"(?P<task>(?:{_KNOWN}|{_HEADS})(?:-[a-z0-9]+)*-v\d)" + _END,
         "iql-hopper-medium-v2/0", "iql", "hopper-medium-v2", "0"),
    _row("environment", _START + rf"(?:(?:{_SUITES})[_-])?(?P<task>(?:{_DOMAINS})[_-](?:{_ACTS}))" + _END,
         "dreamer/dmc_walker_walk/1", "dreamer", "walker_walk", "1"),
    _row("environment", _START + rf"(?:{_SUITES})[_-](?P<task>[a-z][a-z_]*[a-z])" + _END,
         "logdir/atari_battle_zone/2", "runs", "battle_zone", "2"),
    _row("environment", r"(?<![^/])(?:envs?|tasks?|datasets?|games?|environments?)/(?P<task>[^/]+)",
         "mine/tasks/peg-in-hole/0", "mine", "peg-in-hole", "0"),
    _row("environment", _START + rf"(?P<task>(?i:{_KNOWN})(?:NoFrameskip)?)" + _END,
         "drq_space_invaders_4.csv", "drq", "space_invaders", "4"),
    _row("number", r"(?<![^/])(?i:train|exp|run)(?P<number>\d{1,5})(?=$|/)", "detect/train7", "detect", "", "7"),
    _row("number", _START + r"(?i:run|trial|rep|repeat|repetition|try|attempt|fold|version|replica|split)[_=-]?"
         r"(?P<number>\d{1,5})" + _END,
         "lightning_logs/version_3/metrics.csv", "runs", "", "3"),
    _row("number", r"(?<![^/_\-.# ])(?<!\d[eE][-+])(?P<number>\d{1,5})(?=[_\-. ]*(?:$|/|#))", "mae/5", "mae", "", "5"),
)  # fmt: skip

# A number after one of these is a setting, not a seed: `layers_2`, `lr-3`.
_SETTING = re.compile(
    r"(?i)(?<![A-Za-z])(?:exp|experiment|config|setting|method|model|lr|rate|bs|batch|size|layers?|depth|width|dim|hidden|heads?|wd|decay|beta\d?|gamma|tau|alpha|eps|epsilon|"
    r"epochs?|steps?|k|n|x|ratio|rr|utd|ctx|block|rank|lambda|temp|dropout|warmup|nodes?|gpus?|level|frames?|stack|"
    r"horizon|units?|samples?|envs?|scale|clip|coef|v|p)[_\-=. ]*$"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one path says. rest: what is left of its folders, outermost first.

    numbers: (place in rest, number): where a bare number stands, which may be a seed.
    """

    rest: tuple[str, ...]
    task: str = ""
    seed: str = ""
    numbers: tuple[tuple[int, str], ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    how: tuple[str, ...] = ()


_MARK = "\x00{}\x00"


def read(path: str) -> Said:
    """What a path says of its run by itself.

    >>> said = read("runs/Hopper-v4__sac__3__1700000000")
    >>> said.rest, said.task, said.seed
    (('', 'sac'), 'Hopper-v4', '3')
    """
    text, found, numbers, settings = path.strip("/"), {"task": "", "seed": ""}, [], {}
    how: list[str] = []

    def take(m: re.Match[str]) -> str:
        got = m.groupdict()
        if number := got.get("number"):
            if _SETTING.search(m.string[: m.start()]):
                return m[0]
            numbers.append(number)
            return _MARK.format(len(numbers) - 1)
        if "key" in got:
            settings[got["key"]] = got["value"]
            return ""
        for role in ("task", "seed"):
            if value := got.get(role):
                if found[role]:
                    return m[0]
                found[role] = value
                how.append(row.name)
        group = got.get("group") or ""
        return "/" * m[0].count("/") + (f"experiment{group}" if group.isdigit() else group + " " * bool(group))

    for row in LAYOUTS:
        text = row.pattern.sub(take, text)
    rest: list[str] = []
    marks: list[tuple[int, str]] = []
    for part in re.split(r"[/#]", text):
        marks += [(len(rest), numbers[int(i)]) for i in re.findall("\x00(\\d+)\x00", part)]
        part = re.sub(r"([_\-., ])[_\-., ]+", r"\1", re.sub("\x00\\d+\x00", "", part)).strip("_-., +")
        rest.append("" if part.lower() in GENERIC else part)
    return Said(tuple(rest), found["task"], found["seed"], tuple(marks), settings, tuple(how))
