"""Realistic folders of public projects with what they mean, for the accuracy of grouping.

Each layout: runs as (path, config, group, task, seed). A group is right where the same runs are together; a task
and a seed are right where they are spelled as expected (a seed numbered by order must only tell the runs apart).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[str, Mapping[str, Any], str, str, str]
H = "0123456789abcdef"


def _hex(n: int, k: int) -> str:
    return "".join(H[(k * 7919 + i * i * 31 + i * 17 + 3) % 16] for i in range(n - 2)) + "a7"


def layouts() -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    cross = [(a, e, s) for a in ("ppo", "sac") for e in ("Hopper-v4", "HalfCheetah-v4") for s in range(1, 4)]
    out["CleanRL"] = [
        (f"runs/{e}__{a}_continuous_action__{s}__{1700000000 + 77 * i}", {}, a, e, str(s))
        for i, (a, e, s) in enumerate(cross)
    ]
    out["CleanRL, Atari, config"] = [
        (
            f"runs/{e}__{a}__{s}__{1700000000 + 7 * i}/events.out.tfevents.17000{i}.h.1.0",
            {"env_id": e, "seed": s, "exp_name": a, "learning_rate": 2.5e-4, "cuda": True},
            a,
            e,
            str(s),
        )
        for i, (a, e, s) in enumerate(
            (a, e, s)
            for a in ("dqn_atari", "c51_atari")
            for e in ("BreakoutNoFrameskip-v4", ["ALE", "Pong-v5"][1])
            for s in (1, 2)
        )
    ]
    out["CleanRL, slash in the environment"] = [
        (f"runs/ALE/{e}__ppo_atari__{s}__17000000{s}0/e", {}, "ppo", e, str(s))
        for e in ("Pong-v5", "Breakout-v5")
        for s in (1, 2)
    ]
    out["SB3 zoo"] = [(f"logs/{a}/{e}_{s}/evaluations.npz", {}, a, e, str(s)) for a, e, s in cross]
    out["SB3 zoo, args with seed"] = [
        (f"logs/{a}/{e}_{k + 1}", {"seed": 1000 + 13 * k, "env": e, "algo": a}, a, e, str(1000 + 13 * k))
        for k, (a, e, _) in enumerate(cross)
    ]
    out["SB3 tensorboard"] = [(f"tb/{a.upper()}_{s}", {}, a, "", str(s)) for a in ("ppo", "a2c") for s in (1, 2, 3)]
    out["SB3 monitors"] = [(f"{a}_{e}_{s}/0.monitor.csv", {}, a, e, str(s)) for a, e, s in cross]
    out["Spinning Up"] = [
        (
            f"data/{a}/{a}_s{10 * s}/progress.txt",
            {"seed": 10 * s, "exp_name": a, "env_name": "", "epochs": 50},
            a,
            "",
            str(10 * s),
        )
        for a in ("vpg", "ppo")
        for s in (0, 1, 2)
    ]
    out["Spinning Up, grid, dated"] = [
        (f"data/2024-01-{10 + s}_ppo-bench_{e.lower()}_pi{w}/2024-01-{10 + s}_10-00-{10 + s}-ppo-bench_{e.lower()}_pi{w}_s{s}", {"seed": s, "env_name": e, "ac_kwargs.hidden_sizes": w}, f"pi{w}", e, str(s))
        for e in ("Hopper-v2", "Swimmer-v2") for w in (32, 64) for s in (0, 10, 20)
    ]  # fmt: skip
    out["Dreamer"] = [
        (f"logdir/dreamerv3/atari_{e}/{s}/metrics.jsonl", {}, "dreamerv3", e, str(s))
        for e in ("pong", "breakout", "space_invaders")
        for s in (0, 1, 2)
    ]
    out["Dreamer, dated, config"] = [
        (f"logdir/2024010{s}T12000{s}/metrics.jsonl", {"seed": s, "task": e, "method": m}, m, e, str(s))
        for m in ("dv3", "mine")
        for e in ("dmc_walker_walk", "dmc_cheetah_run")
        for s in (1, 2)
    ]
    out["DrQ-v2, hydra"] = [
        (
            f"exp_local/2024.01.0{k + 1}/120{k}00_seed={s},task={e}",
            {"seed": s, "task_name": e, "lr": 1e-4, "agent._target_": "drqv2.DrQV2Agent"},
            "x",
            e,
            str(s),
        )
        for k, (e, s) in enumerate((e, s) for e in ("walker_walk", "cheetah_run") for s in (1, 2, 3))
    ]
    out["dm_control names"] = [
        (f"{m}/{e}/seed{s}", {}, m, e, str(s))
        for m in ("tdmpc", "sac")
        for e in ("walker-walk", "dog-trot", "cup-catch")
        for s in (1, 2, 3)
    ]
    out["RLlib"] = [
        (f"ray_results/PPO_2024-01-01_10-00-00/PPO_{e}_{_hex(5, 3)}_0000{k}_{k}_lr={lr},seed={s}_2024-01-01_10-00-0{k % 10}/result.json", {"env": e, "seed": s, "lr": lr, "num_workers": 2}, f"{lr}", e, str(s))
        for k, (e, lr, s) in enumerate((e, lr, s) for e in ("CartPole-v1", "Acrobot-v1") for lr in (0.001, 0.01) for s in (1, 2))
    ]  # fmt: skip
    out["Tune, a sweep without seeds"] = [
        (f"tune/train_fn_{_hex(5, k)}_0000{k}_{k}_lr={lr}_2024-01-01_10-00-00", {"lr": lr}, f"{lr}", "", "0")
        for k, lr in enumerate((0.1, 0.01, 0.001))
    ]
    out["Tune, samples of one setting"] = [
        (f"tune/train_fn_{_hex(5, k)}_0000{k}_{k}_2024-01-01_10-00-00", {"lr": 0.1}, "x", "", "*") for k in range(4)
    ]
    out["Lightning"] = [
        (f"lightning_logs/version_{k}/metrics.csv", {"lr": lr, "seed": s, "batch_size": 64}, f"{lr}", "", str(s))
        for k, (lr, s) in enumerate((lr, s) for lr in (1e-3, 1e-4) for s in (0, 1, 2))
    ]
    out["Lightning, no config"] = [(f"lightning_logs/version_{k}/metrics.csv", {}, "x", "", str(k)) for k in range(12)]
    out["Lightning, named"] = [
        (f"tb_logs/{m}/version_{k}/metrics.csv", {}, m, "", str(k)) for m in ("vae", "vqvae") for k in range(3)
    ]
    out["Hydra multirun"] = [
        (f"multirun/2024-01-01/10-00-00/lr={lr},seed={s}/metrics.csv", {}, f"{lr}", "", str(s))
        for lr in (0.1, 0.01)
        for s in (0, 1, 2)
    ]
    out["Hydra multirun, numbered"] = [
        (
            f"multirun/2024-01-01/10-00-00/{k}/metrics.csv",
            {"optimizer.lr": lr, "seed": s, "model": "resnet18", "dataset": "cifar10"},
            f"{lr}",
            "cifar10",
            str(s),
        )
        for k, (lr, s) in enumerate((lr, s) for lr in (0.1, 0.01) for s in (0, 1, 2))
    ]
    out["Hydra outputs"] = [
        (f"outputs/2024-01-0{1 + k}/10-1{k}-00/train.log.csv", {"model.name": m, "seed": s}, m, "", str(s))
        for k, (m, s) in enumerate((m, s) for m in ("vit", "cnn") for s in (1, 2, 3))
    ]
    out["W&B offline"] = [
        (f"wandb/offline-run-20240101_12000{k}-{_hex(8, k)}/run-{_hex(8, k)}.wandb", {"seed": s, "algo": a, "env_name": e, "lr": 3e-4, "run_id": _hex(8, k), "gpu": k % 4, "output_dir": f"/scratch/{k}/x"}, a, e, str(s))
        for k, (a, e, s) in enumerate(cross[:10])
    ]  # fmt: skip
    out["W&B, sweep with seeds"] = [
        (f"wandb/run-20240101_1200{k:02d}-{_hex(8, k)}", {"seed": s, "lr": lr, "weight_decay": wd, "dataset": "cifar100", "name": f"run{k}", "_wandb.t": k}, f"{lr} {wd}", "cifar100", str(s))
        for k, (lr, wd, s) in enumerate((lr, wd, s) for lr in (0.1, 0.3) for wd in (0.0, 1e-4) for s in (1, 2, 3))
    ]  # fmt: skip
    out["nanoGPT"] = [
        (f"out-{d}/{m}/seed{s}", {}, m, d, str(s))
        for d in ("shakespeare-char", "openwebtext")
        for m in ("base", "muon")
        for s in (1337, 1338)
    ]
    out["nanoGPT records"] = [
        (f"records/{m}/{_hex(8, k)}-{_hex(4, k)}-4abc-8def-{_hex(12, k)}.txt", {}, m, "", "*")
        for k, m in enumerate(["Muon"] * 3 + ["AdamW"] * 3)
    ]
    out["MLflow"] = [
        (f"mlruns/{x}/{_hex(32, k)}", {"seed": s, "lr": lr}, f"{x} {lr}", "", str(s))
        for k, (x, lr, s) in enumerate((x, lr, s) for x in (1, 2) for lr in (0.1, 0.01) for s in (0, 1))
    ]
    out["MLflow, nothing logged"] = [
        (f"mlruns/{x}/{_hex(32, 3 * k + x)}", {}, f"{x}", "", "*") for x in (1, 2) for k in range(3)
    ]
    out["MLflow database"] = [
        (f"mlflow.db#{_hex(32, k)}", {"seed": s, "optimizer": o, "task": "mnist"}, o, "mnist", str(s))
        for k, (o, s) in enumerate((o, s) for o in ("adam", "sgd") for s in (0, 1, 2))
    ]
    out["flat CSV"] = [(f"{m}_{s}.csv", {}, m, "", str(s)) for m in ("mine", "baseline") for s in range(5)]
    out["flat CSV, dashes"] = [
        (f"{m}-walker-walk-s{s}.csv", {}, m, "walker-walk", str(s)) for m in ("mine", "baseline") for s in range(5)
    ]
    out["method/task/number"] = [
        (f"{m}/{e}/{s}", {}, m, e, str(s))
        for m in ("mine", "base")
        for e in ("Pong", "MyOwnGame", "Breakout", "Seaquest")
        for s in range(3)
    ]
    out["task folders"] = [
        (f"tasks/{e}/{m}/seed_{s}", {}, m, e, str(s))
        for m in ("mine", "base")
        for e in ("peg", "stack")
        for s in range(3)
    ]
    out["seeds above methods"] = [
        (f"seed_{s}/{m}/log.csv", {}, m, "", str(s)) for m in ("adamw", "muon", "lion") for s in range(3)
    ]
    out["models with numbers"] = [
        (f"{m}/seed{s}", {}, m, "", str(s)) for m in ("resnet-18", "resnet-50", "vit-b-16") for s in range(3)
    ]
    out["models with numbers, one run each"] = [
        (f"{m}/metrics.csv", {}, m, "", "*") for m in ("resnet-18", "resnet-50", "resnet-152")
    ]
    out["settings in names"] = [
        (f"mlp_lr{lr}_bs{b}_seed{s}", {}, f"{lr} {b}", "", str(s))
        for lr in ("1e-3", "3e-4")
        for b in (32, 64)
        for s in (0, 1)
    ]
    out["settings in names, underscores"] = [
        (f"mlp_layers_{n}_seed_{s}", {}, f"{n}", "", str(s)) for n in (2, 4, 8) for s in (0, 1, 2)
    ]
    out["two experiments in one folder"] = [
        (
            f"run_{k}",
            {"lr": 1e-3, "architecture": "unet" if k < 4 else "dit", "random_seed": k % 4},
            "a" if k < 4 else "b",
            "",
            str(k % 4),
        )
        for k in range(8)
    ]
    out["two experiments, settings only"] = [
        (
            f"{_hex(12, k)}",
            {"train.lr": 1e-3, "train.ema": k >= 3, "train.seed": k % 3, "train.log_dir": f"/x/{k}"},
            "a" if k < 3 else "b",
            "",
            str(k % 3),
        )
        for k in range(6)
    ]
    out["tuned for each task"] = [
        (
            f"{a}/{e}/{s}",
            {"seed": s, "env": e, "algo": a, "lr": 1e-3 if e[0] == "H" else 3e-4, "total_timesteps": 10**6},
            a,
            e,
            str(s),
        )
        for a, e, s in cross
    ]
    out["TensorBoard default"] = [
        (
            f"runs/Jan0{1 + k}_10-00-0{k}_gpu-node-1{'_mine' if k % 2 else '_base'}",
            {},
            "mine" if k % 2 else "base",
            "",
            "*",
        )
        for k in range(6)
    ]
    out["Slurm arrays"] = [
        (f"slurm-{123456 + k}/{m}_{s}.jsonl", {}, m, "", str(s))
        for k, (m, s) in enumerate((m, s) for m in ("mine", "base") for s in range(4))
    ]
    out["Hugging Face"] = [
        (f"results/{m}-{d}-seed{s}/checkpoint-500/trainer_state.json", {}, m, d, str(s))
        for m in ("bert-base-uncased", "roberta-large")
        for d in ("sst2", "mrpc")
        for s in (13, 42, 87)
    ]
    out["D4RL"] = [
        (f"{m}-{e}-{s}/progress.csv", {}, m, e, str(s))
        for m in ("iql", "td3_bc")
        for e in ("hopper-medium-v2", "walker2d-medium-replay-v2")
        for s in (0, 1, 2)
    ]
    out["Dopamine"] = [
        (f"{m}/{e}/run_{s}/tb", {}, m, e, str(s))
        for m in ("dqn", "rainbow", "iqn")
        for e in ("Pong", "Asterix", "Hero")
        for s in (1, 2, 3, 4, 5)
    ]
    out["ablations"] = [
        (f"mine{v}/Humanoid-v4/s{s}", {}, v, "Humanoid-v4", str(s))
        for v in ("", "-no-ema", "-no-aug")
        for s in (0, 1, 2)
    ]
    out["env seed beside seed"] = [
        (f"x{k}", {"seed": s, "eval_env_seed": 100 + s, "agent": a, "start_time": 1.7e9 + k}, a, "", str(s))
        for k, (a, s) in enumerate((a, s) for a in ("td3", "sac") for s in range(4))
    ]
    return out
