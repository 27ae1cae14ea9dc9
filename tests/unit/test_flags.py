"""Options read from every style of help and source, and what the lever of flags makes of them."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace

import click
import numpy as np
import pytest
from click.testing import CliRunner

from sixdays.faster.model import (
    PROMISES,
    Candidate,
    Command,
    Counter,
    Frame,
    Kind,
    Machine,
    NotTried,
    Profile,
    Stack,
    Trace,
)
from sixdays.faster.option import Option, Scalar
from sixdays.faster.options import options_of
from sixdays.faster.setting import words
from sixdays.levers.flags import create


def profile(
    source: str = "",
    *argv: str,
    help_text: str = "",
    configs: dict[str, str] | None = None,
    trace: Trace | None = None,
    machine: Machine | None = None,
) -> Profile:
    command = Command(("python", "train.py", *argv), "/project")
    sources = {"train.py": source} if source else {}
    return Profile(command, trace or Trace(), machine or Machine(4), help_text, sources, configs or {}, accept=PROMISES)


def proposed(p: Profile) -> dict[str, str]:
    """Words that are set → class."""
    return {" ".join(c.flags[0]): c.promise for c in create({}).propose(p) if isinstance(c, Candidate)}


def refused(p: Profile) -> list[str]:
    return [c.why for c in create({}).propose(p) if isinstance(c, NotTried)]


def option(name: str, source: str = "", *argv: str, help_text: str = "", **configs: str) -> Option:
    texts = {k.replace("__", "/").replace("_yaml", ".yaml"): v for k, v in configs.items()}
    found = options_of(help_text, {"train.py": source} if source else {}, texts, ("python", "train.py", *argv))
    return next(o for o in found if o.name == name)


ARGPARSE = """usage: train.py [-h] [--eval-interval EVAL_INTERVAL]
                [--plot | --no-plot] [--precision {fp32,bf16}]

options:
  -h, --help            show this help message and exit
  --eval-interval EVAL_INTERVAL, -e EVAL_INTERVAL
                        evaluate each so many epochs, in a text that
                        goes on here (default: 10)
  --plot, --no-plot     draw (default: True)
  --precision {fp32,bf16}
                        which (default: fp32)
  --render              show a window
"""
TYRO = """usage: train.py [-h] [OPTIONS]

╭─ options ─────────────────────────────────────────────────╮
│ -h, --help            show this help message and exit     │
│ --eval-interval INT   the interval (default: 10)          │
│ --plot, --no-plot     draw (default: True)                │
│ --precision {fp32,bf16}                                   │
│                       which (default: fp32)               │
│ --render, --no-render                                     │
│                       show a window (default: False)      │
╰───────────────────────────────────────────────────────────╯
"""
CLICK = """Usage: train.py [OPTIONS]

Options:
  -e, --eval-interval INTEGER  Evaluate each N.  [default: 10]
  --plot / --no-plot           Draw.  [default: plot]
  --precision [fp32|bf16]      Which.  [default: fp32]
  --render                     Show a window.
  --help                       Show this message and exit.
"""
TYPER = """ Usage: train.py [OPTIONS]

╭─ Options ────────────────────────────────────────────────────────────────────╮
│ --eval-interval        INTEGER      Evaluate each N. [default: 10]           │
│ --plot                 --no-plot    Draw. [default: plot]                    │
│ --precision            [fp32|bf16]  Which. [default: fp32]                   │
│ --render                            Show a window.                           │
│ --help                              Show this message and exit.              │
╰──────────────────────────────────────────────────────────────────────────────╯
"""
ABSL = """
train.py:
  --eval-interval: Steps between evaluations.
    (default: '10')
    (an integer)
  --precision: <fp32|bf16>: Which.
    (default: 'fp32')
  --[no]plot: Draw.
    (default: 'true')
  --[no]render: Show a window.
    (default: 'false')
"""


@pytest.mark.parametrize(
    "text", [ARGPARSE, TYRO, CLICK, TYPER, ABSL], ids=["argparse", "tyro", "click", "typer", "absl"]
)
def test_each_style_of_help_is_read_alike(text: str) -> None:
    found = {o.name: o for o in options_of(text, {}, {}, ("python", "train.py"))}
    assert set(found) == {"eval_interval", "plot", "precision", "render"}
    assert (found["eval_interval"].value, found["eval_interval"].type) == (10, "int")
    assert (found["plot"].value, found["render"].value) == (True, False)
    assert found["plot"].words(False) == (("--noplot",) if text is ABSL else ("--no-plot",))
    assert found["precision"].choices == ("fp32", "bf16")
    assert found["precision"].words("int8") is None
    said = found["eval_interval"].words(100)
    assert said == (("--eval-interval=100",) if text is ABSL else ("--eval-interval", "100"))


HUGGING = """
  --model_name MODEL_NAME, --model-name MODEL_NAME
                        Path to the model (default: None)
  --do_eval [DO_EVAL], --do-eval [DO_EVAL]
                        Whether to evaluate. (default: True)
  --eval_steps EVAL_STEPS, --eval-steps EVAL_STEPS
                        Evaluate every X steps. Should be in range `[0,1)` or whole. (default: 500)
  --no_pin_memory, --no-pin-memory
                        Do not pin. (default: False)
"""


def test_two_spellings_of_one_option_are_no_pair_of_opposites() -> None:
    assert option("eval_steps", help_text=HUGGING).words(5000) == ("--eval_steps", "5000")
    assert option("do_eval", help_text=HUGGING).words(False) == ("--do_eval", "False")
    assert option("model_name", help_text=HUGGING).style == "--x v"
    assert option("no_pin_memory", help_text=HUGGING).words(True) == ("--no_pin_memory",)


@pytest.mark.parametrize(
    ("line", "default"),
    [
        ("--trainer.every EVERY  Stop. (type: Optional[int], default: 10)", 10),
        ("--trainer.every N  How often. Default: ``50``. (type: Optional[int], default: null)", None),
        ("--trainer.every n      each so many, 7 by default (default: 7)", 7),
        ("--trainer.every=4      default is 1e3.", 1000.0),
        ("-t N, --trainer.every N  mini-batch (default: 256), this is the total", 256),
        ("--trainer.every [N]    each [default: 3; x>=1]", 3),
    ],
)
def test_a_default_is_found_where_it_stands(line: str, default: object) -> None:
    found = option("trainer.every", help_text=f"options:\n  {line}\n")
    assert (found.value, found.words(3)) in [
        (default, ("--trainer.every", "3")),
        (default, ("--trainer.every=3",)),
    ]


def test_options_of_fire_are_set_with_an_equals_sign() -> None:
    help_text = "FLAGS\n    -e, --eval_every=EVAL_EVERY\n        Default: 10\n    --plot=PLOT\n        Default: True\n"
    assert option("eval_every", help_text=help_text).words(5) == ("--eval_every=5",)
    assert option("plot", help_text=help_text).words(False) == ("--plot=False",)


SOURCES = {
    "argparse": (
        "p.add_argument('-e', '--eval-every', type=int, default=10)\n"
        "p.add_argument('--plot', action=argparse.BooleanOptionalAction, default=True)\n",
        "--no-plot",
    ),
    "truthy": (
        "p.add_argument('--eval-every', type=int, default=2 * 5)\np.add_argument('--plot', type=bool, default=True)\n",
        "--plot ''",
    ),
    "text": (
        "p.add_argument('--eval-every', default=10)\np.add_argument('--plot', type=str2bool, default=True)\n",
        "--plot False",
    ),
    "click": (
        "@click.option('--eval-every', '-e', default=10, help='x')\n"
        "@click.option('--plot/--no-plot', default=True)\ndef main(): ...\n",
        "--no-plot",
    ),
    "absl": (
        "flags.DEFINE_integer('eval_every', 10, 'x')\nflags.DEFINE_boolean('plot', True, 'x')\n",
        "--noplot",
    ),
    "tyro": (
        "import tyro\n@dataclass\nclass Args:\n    eval_every: int = 10\n    '''each'''\n    plot: bool = True\n",
        "--no-plot",
    ),
    "typer": (
        "import typer\napp = typer.Typer()\n@app.command()\ndef go(eval_every: int = 10, plot: bool = typer.Option(True)): ...\n",
        "--no-plot",
    ),
    "fire": ("import fire\ndef go(eval_every=10, plot=True): ...\nfire.Fire(go)\n", "--plot=False"),
    "draccus": ("import draccus\n@dataclass\nclass C:\n    eval_every: int = field(default=10)\n    plot: bool = True\n", "--plot False"),
    "pydantic": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    eval_every: int = Field(10, description='x')\n"
        "    plot: bool = True\n",
        "--plot False",
    ),
    "hugging": (
        "from transformers import HfArgumentParser\n@dataclass\nclass A:\n    eval_every: int = field(default=10, metadata={'help': 'x'})\n"
        "    plot: Optional[bool] = field(default=True)\n",
        "--plot False",
    ),
    "globals": (
        "import sys\neval_every = 10\nplot = True\nfor a in sys.argv[1:]:\n    assert a.startswith('--')\n"
        "    k, v = a[2:].split('=')\n    globals()[k] = eval(v)\n",
        "--plot=False",
    ),
    "exec": ("eval_every = 10\nplot = True\nexec(open('configurator.py').read())\n", "--plot=False"),
}  # fmt: skip


@pytest.mark.parametrize("style", SOURCES)
def test_each_style_of_source_is_read_alike(style: str) -> None:
    source, off = SOURCES[style]
    every, plot = option("eval_every", source), option("plot", source)
    assert (every.value, plot.value) == (10, True)
    assert shlex.join(plot.words(False) or ()) == off
    assert every.file == "train.py"
    assert source.splitlines()[every.line - 1].replace("-", "_").count("eval_every") == 1


def a_parser(formatter: type[argparse.HelpFormatter]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "train.py", formatter_class=formatter, description="Trains. --not-an-option is text."
    )
    parser.add_argument(
        "--eval-interval", "-e", type=int, default=10, metavar="N", help="a text " * 20 + "(default: 10)"
    )
    parser.add_argument("--plot", action=argparse.BooleanOptionalAction, default=True, help="(default: True)")
    parser.add_argument("--an-option-with-a-name-too-long-for-one-line-save-every", type=float, default=2.0)
    parser.add_argument("--mode", choices=["a", "b"], default="a")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1])
    return parser


@pytest.mark.parametrize("formatter", [argparse.HelpFormatter, argparse.ArgumentDefaultsHelpFormatter])
def test_a_real_parser_takes_the_words_that_its_help_gives(formatter: type[argparse.HelpFormatter]) -> None:
    parser = a_parser(formatter)
    found = {o.name: o for o in options_of(parser.format_help(), {}, {}, ("python", "train.py"))}
    assert set(found) == {a.dest for a in parser._actions} - {"help"}
    assert (found["eval_interval"].value, found["plot"].value) == (10, True)
    settings: dict[str, Scalar] = {"eval_interval": 70, "plot": False, "mode": "b", "render": True, "sizes": 5}
    said = [found[name].words(value) or () for name, value in settings.items()]
    read = vars(parser.parse_args([w for ws in said for w in ws]))
    assert {k: read[k] for k in settings} == {**settings, "sizes": [5]}


def test_a_real_command_of_click_takes_the_words_that_its_help_gives() -> None:
    heard: dict[str, object] = {}

    @click.command()
    @click.option("--eval-every", "-e", default=10, show_default=True, help="Evaluate each N.")
    @click.option("--plot/--no-plot", default=True, show_default=True)
    @click.option("--mode", type=click.Choice(["a", "b"]), default="a", show_default=True)
    @click.option("--render", is_flag=True)
    def train(**options: object) -> None:
        heard.update(options)

    text = CliRunner().invoke(train, ["--help"]).output
    found = {o.name: o for o in options_of(text, {}, {}, ("python", "train.py"))}
    assert {n: o.value for n, o in found.items()} == {"eval_every": 10, "plot": True, "mode": "a", "render": False}
    settings: dict[str, Scalar] = {"eval_every": 70, "plot": False, "mode": "b", "render": True}
    CliRunner().invoke(train, [w for name, value in settings.items() for w in found[name].words(value) or ()])
    assert heard == settings


def test_a_class_of_a_model_s_settings_is_no_option() -> None:
    source = "from transformers import GPT2Model\n@dataclass\nclass Shape:\n    log_every: int = 10\n"
    assert refused(profile(source)) == ["no option of the command is known"]


@pytest.mark.parametrize("style", SOURCES)
@pytest.mark.parametrize("before", [(), ("30",)])
def test_words_that_are_set_are_read_back_as_what_was_set(style: str, before: tuple[str, ...]) -> None:
    source, _ = SOURCES[style]
    every = option("eval_every", source)
    argv = ("python", "train.py", *(every.words(int(before[0])) or () if before else ()))
    every = option("eval_every", source, *argv[2:])
    assert every.value == (30 if before else 10)
    for o, value in ((every, 70), (option("plot", source), False), (option("plot", source), True)):
        said = o.words(value)
        if said is not None:  # a switch that nothing turns on again
            again = option(o.name, source, *words(argv, [said])[2:])
            assert again.value == value
            assert len(words(argv, [said])) <= len(argv) + len(said)


def test_a_class_within_a_class_of_settings_gives_names_with_dots() -> None:
    source = (
        "import tyro\n@dataclass\nclass Eval:\n    every_steps: int = 50\n    save_video: bool = True\n"
        "@dataclass\nclass Args:\n    eval: Eval = field(default_factory=Eval)\n"
    )
    assert proposed(profile(source)) == {"--eval.every-steps 500": "same", "--eval.no-save-video": "same"}


def test_keys_of_a_composed_configuration_are_set_by_name() -> None:
    source = "import hydra\n@hydra.main(config_path='conf', config_name='config')\ndef main(cfg): ...\n"
    configs = {
        "conf/config.yaml": "defaults:\n  - logger: tb\neval:\n  every: 10  # epochs\nrender: true\n",
        "conf/logger/tb.yaml": "log_interval: 5\n",
    }
    assert proposed(profile(source, configs=configs)) == {
        "render=False": "same",
        "eval.every=100": "same",
        "logger.log_interval=50": "same",
    }
    given = profile(source, "eval.every=3", configs=configs)
    assert "eval.every=30" in proposed(given)
    assert words(given.command.argv, [("eval.every=30",)]) == ("python", "train.py", "eval.every=30")


def test_a_configuration_named_by_its_path_is_no_group() -> None:
    source = "import hydra\n@hydra.main(config_path='config/train.yaml', strict=True)\ndef main(cfg): ...\n"
    p = profile(
        source, configs={"config/train.yaml": "eval_frequency: 100\n", "config/agent/sac.yaml": "log_freq: 2\n"}
    )
    assert proposed(p) == {"eval_frequency=1000": "same", "agent.log_freq=20": "same"}


def test_a_file_that_the_command_names_is_set_only_where_the_program_takes_overrides() -> None:
    plain = "import sys, yaml\ncfg = yaml.safe_load(open(sys.argv[2]))\n"
    configs = {"conf/a.yaml": "train:\n  validate_every: 20\n"}
    assert proposed(profile(plain, "--config", "conf/a.yaml", configs=configs)) == {}
    takes = plain + "for w in sys.argv[3:]:\n    k, v = w.split('=', 1)\n"
    assert proposed(profile(takes, "--config", "conf/a.yaml", configs=configs)) == {"train.validate_every=200": "same"}


def test_a_named_file_gives_an_option_its_value() -> None:
    source = "p.add_argument('--eval-every', type=int, default=10)\np.set_defaults(**yaml.safe_load(open(f)))\n"
    configs = {"a.yaml": "eval_every: 40\n"}
    assert proposed(profile(source, "--config", "a.yaml", configs=configs)) == {"--eval-every 400": "same"}


def test_what_is_given_is_what_is_changed_and_the_text_says_so() -> None:
    p = profile("p.add_argument('-e', '--eval-every', type=int, default=10)\n", "-e", "4")
    (found,) = [c for c in create({}).propose(p) if isinstance(c, Candidate)]
    assert found.flags == (("-e", "40"),)
    assert found.text == "-e 40: evaluated 10 times less often than with 4 (the command says 4)"
    assert words(p.command.argv, found.flags) == ("python", "train.py", "-e", "40")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("'--log-interval', type=int, default=1", {"--log-interval 10": "same"}),
        ("'--checkpoint_freq', type=int, default=5", {"--checkpoint_freq 50": "same"}),
        ("'--evalEvery', type=int, default=5", {"--evalEvery 50": "same"}),
        ("'--plot', type=int, default=5, help='episodes between two pictures'", {"--plot 50": "same"}),
        ("'--val-check-interval', type=float, default=0.25", {"--val-check-interval 1.0": "same"}),
        ("'--num-eval-episodes', type=int, default=30", {"--num-eval-episodes 3": "changed"}),
        ("'--num-envs', type=int, default=2", {"--num-envs 8": "changed"}),
        ("'--batch-size', type=int, default=32", {"--batch-size 128": "changed"}),
        ("'--num-batches', type=int, default=32", {}),
        ("'--eval-every', type=int, default=5e3", {"--eval-every 50000": "same"}),
        ("'--logger', choices=['none', 'wandb'], default='wandb'", {"--logger none": "same"}),
        ("'--render-mode', default='human'", {"--render-mode rgb_array": "same"}),
        ("'--verbose', type=int, default=2", {"--verbose 0": "same"}),
        ("'--disable-tqdm', action='store_true'", {"--disable-tqdm": "same"}),
        ("'--no-render', action='store_true'", {"--no-render": "same"}),
        ("'--headless', action='store_true'", {"--headless": "same"}),
        ("'--wandb', action=argparse.BooleanOptionalAction, default=True", {"--no-wandb": "same"}),
        ("'--eval-interval', type=int, default=0", {}),
        ("'--save-interval', type=int, default=-1", {}),
        ("'--render', action='store_true'", {}),
        ("'--eval-only', action='store_true'", {}),
        ("'--log-dir', default='runs'", {}),
        ("'--log-std-init', type=float, default=1.0", {}),
        ("'--target-update-interval', type=int, default=100", {}),
        ("'--max-test-length', type=int, default=100", {}),
        ("'--learning-rate', type=float, default=0.1", {}),
        ("'--num-workers', type=int, default=0", {}),
    ],
)
def test_a_name_means_what_it_says(declared: str, expected: dict[str, str]) -> None:
    assert proposed(profile(f"p.add_argument({declared})\n")) == expected


def test_the_machine_decides_what_can_be_turned_on() -> None:
    source = (
        "p.add_argument('--compile', action='store_true')\np.add_argument('--amp', action='store_true')\n"
        "p.add_argument('--torch-deterministic', action=argparse.BooleanOptionalAction, default=True)\n"
    )
    assert proposed(profile(source)) == {}
    assert proposed(profile(source, machine=Machine(4, compiler=True))) == {"--compile": "equivalent"}
    assert proposed(profile(source, machine=Machine(4, gpus=("card",)))) == {
        "--no-torch-deterministic": "equivalent",
        "--compile": "equivalent",
        "--amp": "changed",
    }


def counter(kind: Kind, function: str) -> Counter:
    return Counter(kind, "train.py", function, 3, np.array([0.1, 0.2]), 2)


def test_workers_are_tried_where_data_is_loaded() -> None:
    source = "p.add_argument('--num-workers', type=int, default=0)\n"
    loads = Trace(counters=(counter("batch", "main"),))
    assert proposed(profile(source, trace=loads, machine=Machine(2))) == {"--num-workers 2": "equivalent"}


def test_only_accepted_classes_are_proposed() -> None:
    p = profile("p.add_argument('--batch-size', type=int, default=32)\n")
    narrow = Profile(p.command, p.trace, p.machine, "", p.sources)
    assert create({}).propose(narrow) == []


def stack(function: str, seconds: float, file: str = "train.py") -> Stack:
    return Stack((Frame("train.py", 1, "main"), Frame(file, 9, function)), seconds)


def test_a_share_that_is_seen_bounds_what_a_flag_can_give() -> None:
    source = (
        "p.add_argument('--eval-every', type=int, default=10)\np.add_argument('--log-every', type=int, default=10)\n"
    )
    trace = Trace(stacks=(stack("evaluate", 4.0), stack("log_metrics", 0.2), stack("update", 5.8)))
    found = create({}).propose(profile(source, trace=trace))
    (evaluation,) = [c for c in found if isinstance(c, Candidate)]
    # 40 % of the time, 1.3 for few samples, nine tenths of it: 0.4 × 1.3 × 0.9
    assert evaluation.touches == pytest.approx(0.468)
    assert [c.why for c in found if isinstance(c, NotTried)] == ["--log-every: logging takes 2% of the time at most"]


@pytest.mark.parametrize(("value", "words"), [("true", {}), ("false", {"sim.headless=True": "same"})])
def test_a_window_is_never_opened(value: str, words: dict[str, str]) -> None:
    source = "import hydra\n@hydra.main(config_path='conf', config_name='config')\ndef main(cfg): ...\n"
    assert proposed(profile(source, configs={"conf/config.yaml": f"sim:\n  headless: {value}\n"})) == words


def test_a_choice_is_written_as_the_help_writes_it() -> None:
    listed = "options:\n  --plot {true,false}  draw curves (default: true)\n"
    assert proposed(profile(help_text=listed)) == {"--plot false": "same"}


@pytest.mark.parametrize(
    ("name", "code", "touches"),
    [
        (  # it gives the value of actions: what share evaluations take is not known
            "evaluate",
            "class Policy:\n    def evaluate(self, obs, actions):\n        return self.net(obs).log_prob(actions)\n",
            1.0,
        ),
        ("losses", "def losses():\n    model.eval()\n    for x in held_out:\n        model(x)\n", 0.468),
    ],
)
def test_a_function_evaluates_that_is_seen_to_whatever_it_is_called(name: str, code: str, touches: float) -> None:
    source = f"p.add_argument('--eval-every', type=int, default=10)\n{code}"
    seen = Trace(stacks=(stack(name, 4.0, "train.py"), stack("update", 6.0, "train.py")))
    (found,) = create({}).propose(profile(source, trace=seen))
    assert isinstance(found, Candidate)
    assert found.touches == pytest.approx(touches)


def test_what_is_written_into_the_main_loop_has_no_bound() -> None:
    source = "p.add_argument('--eval-every', type=int, default=10)\n"
    (found,) = create({}).propose(profile(source, trace=Trace(stacks=(stack("update", 9.0),))))
    assert isinstance(found, Candidate)
    assert found.touches == 1.0


def test_what_is_saved_is_told_wherever_it_is_written_and_none_seen_is_none() -> None:
    """`torch.save` in the main loop: it has no function of its own, but its library's files are seen."""
    source = "p.add_argument('--save-interval', type=int, default=50_000)\n"
    unseen = Trace(stacks=(stack("update", 9.0, "train.py"),))
    assert refused(profile(source, trace=unseen)) == ["--save-interval: saving takes 0% of the time at most"]
    saves = stack("save", 3.0, "/x/site-packages/torch/serialization.py")
    (found,) = create({}).propose(profile(source, trace=Trace(stacks=(*unseen.stacks, saves))))
    assert isinstance(found, Candidate)
    assert 0.25 < found.touches < 0.4


def test_a_polynomial_that_a_library_evaluates_is_no_evaluation() -> None:
    source = "p.add_argument('--eval-every', type=int, default=10)\n"
    trained, library = stack("update", 95.0), "/x/site-packages/torchdiffeq/interp.py"
    inner = Trace(stacks=(trained, stack("_interp_evaluate", 2.0, library)))
    assert proposed(profile(source, trace=inner)) == {"--eval-every 100": "same"}
    trainer = "/x/site-packages/stable_baselines3/common/evaluation.py"
    outer = Trace(stacks=(trained, stack("evaluate_policy", 2.0, trainer)))
    assert refused(profile(source, trace=outer)) == ["--eval-every: evaluation takes 2% of the time at most"]


@pytest.mark.parametrize(
    ("epochs", "every", "words"),
    [
        (100, 2, ["--eval-every 20"]),
        (10, 1, ["--eval-every 2"]),
        (8, 2, []),
        (14, 10, []),
        (3, 1, []),
        (0, 3, ["--eval-every 30"]),
    ],
)
def test_some_evaluations_remain_in_a_run_of_a_known_length(epochs: int, every: int, words: list[str]) -> None:
    """Four at least, where there are four; 8 epochs may be no length in the word of an interval of 10."""
    source = f"p.add_argument('--eval-every', type=int, default={every})\n"
    source += f"for epoch in range({epochs}):\n    pass\n" if epochs else ""
    assert list(proposed(profile(source))) == words
    plain = f"p.add_argument('--eval-every', type=int, default={every})\n"
    assert list(proposed(replace(profile(plain), length=float(epochs) or None))) == words, "stated, or of the plan"


def test_without_any_evaluation_or_model_it_is_another_experiment() -> None:
    source = "p.add_argument('--evaluate', action=argparse.BooleanOptionalAction, default=True)\n"
    source += "p.add_argument('--save-model', action=argparse.BooleanOptionalAction, default=True)\n"
    assert proposed(profile(source)) == {"--no-evaluate": "changed", "--no-save-model": "changed"}


def test_an_option_that_compiles_gets_the_time_for_it() -> None:
    source = "p.add_argument('--compile', action='store_true')\n"
    found = create({}).propose(profile(source, machine=Machine(4, compiler=True)))
    assert [c.start_s for c in found if isinstance(c, Candidate)] == [90.0]


def test_a_library_that_is_not_seen_costs_nothing() -> None:
    source = "p.add_argument('--wandb', action=argparse.BooleanOptionalAction, default=True)\n"
    unseen = profile(source, trace=Trace(stacks=(stack("update", 9.0),)))
    assert refused(unseen) == ["--wandb: tracker takes 0% of the time at most"]
    seen = Trace(stacks=(stack("update", 5.0), stack("publish", 4.0, "/x/site-packages/wandb/sdk/run.py")))
    assert proposed(profile(source, trace=seen)) == {"--no-wandb": "same"}


def test_the_training_s_own_counters_are_never_said_to_move_less() -> None:
    source = "p.add_argument('--eval-every', type=int, default=10)\n"
    one = profile(source, trace=Trace(counters=(counter("env step", "main"),)))
    two = profile(source, trace=Trace(counters=(counter("env step", "main"), counter("env step", "evaluate"))))
    assert [c.fewer for c in create({}).propose(one) if isinstance(c, Candidate)] == [("evaluation",)]
    beside = replace(counter("env step", "main"), line=90)  # of the same function
    inline = profile(source, trace=Trace(counters=(counter("env step", "main"), beside)))
    for other in (two, inline):
        assert [c.fewer for c in create({}).propose(other) if isinstance(c, Candidate)] == [("evaluation", "env step")]


def test_a_switch_that_has_no_opposite_is_named_not_tried() -> None:
    p = profile("p.add_argument('--render', action='store_true')\n", "--render")
    assert proposed(p) == {}
    assert refused(p) == ["--render has no opposite: leave it out of the command to see what it costs"]


def test_a_shell_script_has_its_options_within() -> None:
    def why(**facts: str) -> str:
        p = Profile(Command(("bash", "run.sh"), "/project"), Trace(facts=facts), Machine(2))
        (found,) = create({}).propose(p)
        assert isinstance(found, NotTried)
        return found.why.partition(": ")[2]

    assert why() == "name that command"
    seen = {"entry": "src/train.py", "words": '["/copy/src/train.py", "--name", "a b"]'}
    assert why(**seen) == "sixdays faster -- python src/train.py --name 'a b'"
    assert why(**seen | {"words": '["train.py", "--out", "/copy/out"]'}) == "name that command"
    assert why(**seen | {"entry": "pkg/__main__.py"}) == "name that command"


def test_a_source_that_cannot_be_read_and_a_file_that_is_broken_give_no_option() -> None:
    assert refused(profile("def f(:\n", configs={"a.json": "{", "b.toml": "= 3", "c.yaml": "\t- [\n"})) == [
        "no option of the command is known"
    ]


@pytest.mark.parametrize(
    "steers", ["scheduler = ReduceLROnPlateau(opt)", "if bad > args.patience: break", "EarlyStopping()"]
)
def test_an_evaluation_that_steers_the_training_is_another_experiment_when_it_comes_less_often(steers: str) -> None:
    parser = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--eval-every', type=int, default=10)\n"
    assert proposed(profile(parser))["--eval-every 100"] == "same"
    assert proposed(profile(parser + steers))["--eval-every 100"] == "changed"


def test_lines_that_are_the_progress_are_not_made_fewer() -> None:
    source = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--log-interval', type=int, default=200)\n"
    assert "--log-interval 2000" in proposed(profile(source))
    p = replace(profile(source), progress="printed")
    assert "--log-interval 2000" not in proposed(p)
    assert "--log-interval: the progress that is measured is what it prints" in refused(p)
