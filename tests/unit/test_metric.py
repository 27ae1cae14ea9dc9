"""The metric that is judged and its sign, by the names that trackers write."""

from __future__ import annotations

import pytest

from sixdays.verdict.metric import choose, sign

CLEANRL = ["charts/SPS", "charts/episodic_return", "charts/episodic_length", "losses/qf_loss", "losses/qf_values",
           "charts/learning_rate", "losses/policy_loss", "losses/explained_variance"]  # fmt: skip
SB3 = ["rollout/ep_rew_mean", "rollout/ep_len_mean", "time/fps", "train/loss", "train/ent_coef", "eval/mean_reward",
       "eval/mean_ep_length", "train/learning_rate"]  # fmt: skip
SPINUP = [
    "AverageEpRet",
    "StdEpRet",
    "MaxEpRet",
    "MinEpRet",
    "EpLen",
    "AverageTestEpRet",
    "StdTestEpRet",
    "Time",
    "LossPi",
]
LIGHTNING = ["train_loss", "val_loss", "val_acc", "lr-Adam"]


@pytest.mark.parametrize(
    ("tags", "tag", "higher"),
    [
        (CLEANRL, "charts/episodic_return", True),
        (SB3, "eval/mean_reward", True),
        (SPINUP, "AverageTestEpRet", True),
        (LIGHTNING, "val_acc", True),
        (["train/loss", "val/loss", "lr", "iter"], "val/loss", False),
        (["eval_loss", "loss", "grad_norm", "learning_rate"], "eval_loss", False),
        (["val_bpb", "memory_gb"], "val_bpb", False),
        (["episode/score", "episode/length", "train/loss/reward"], "episode/score", True),
        (["value"], "value", True),
        (["rollout/ep_rew_mean", "rollout/ep_len_mean", "train/loss", "time/fps"], "rollout/ep_rew_mean", True),
        (
            ["train/box_loss", "metrics/mAP50-95(B)", "metrics/precision(B)", "val/box_loss"],
            "metrics/mAP50-95(B)",
            True,
        ),
        (["loss_cls", "total_loss", "bbox/AP", "bbox/AP50", "lr"], "bbox/AP", True),
        (["loss", "coco/bbox_mAP", "coco/bbox_mAP_50", "acc"], "coco/bbox_mAP", True),
        (["train_inner_ppl", "train_inner_loss", "valid_loss", "valid_ppl"], "valid_loss", False),
    ],
)
def test_the_likeliest_result_is_taken(tags: list[str], tag: str, higher: bool) -> None:
    made = choose(dict.fromkeys(tags, 3))
    assert (made.tag, made.higher_is_better) == (tag, higher)


def test_a_sign_that_the_name_does_not_tell_is_said_to_be_assumed() -> None:
    made = choose({"zeta": 2})
    assert made.higher_is_better
    assert not made.sure
    assert "--lower" in made.why


def test_the_last_word_that_tells_decides() -> None:
    assert sign("reward_loss") is False
    assert sign("loss/accuracy") is True


def test_what_is_asked_for_may_be_the_end_of_a_tag() -> None:
    assert choose({"eval/mean_reward": 3, "train/loss": 3}, asked="mean_reward").tag == "eval/mean_reward"
    with pytest.raises(ValueError, match="they log"):
        choose({"a": 1}, asked="b")
    with pytest.raises(ValueError, match="may be"):
        choose({"a/x": 1, "b/x": 1}, asked="x")
