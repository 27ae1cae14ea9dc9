"""Trackers stay on this machine, also where a script says by word that they shall not.

Their environment says it already, but what a call is given comes before that. A short run is none that a user would
want to find in an account.
"""

import os
import re

from _sixdays_files import copies


def _stays(owner, name, key, value, fine, env=""):
    """Where a call is given a way that is none of the fine ones, it gets ours. env: says it where no word does."""
    original = getattr(owner, name)

    def call(*args, **kwargs):
        given = kwargs.get(key) if kwargs.get(key) is not None else os.environ.get(env)
        is_open = kwargs.get(key) is None and kwargs.get("settings") is not None  # where they may say anything
        if (given is not None and given not in fine) or is_open:
            kwargs[key] = value
        return original(*args, **kwargs)

    call.__wrapped__, call.__doc__ = original, original.__doc__
    setattr(owner, name, call)


def _wandb(agent, module):
    _stays(module, "init", "mode", "offline", ("offline", "disabled", "dryrun"), env="WANDB_MODE")


def _neptune(agent, module):
    _stays(module, "init_run", "mode", "offline", ("offline", "debug"))


def _swanlab(agent, module):
    _stays(module, "init", "mode", "offline", ("offline", "local", "disabled"))


def _comet(agent, module):
    if hasattr(module, "start"):
        _stays(module, "start", "online", False, (False,))

    def experiment(*args, **kwargs):
        kwargs.pop("api_key", None)
        return module.OfflineExperiment(*args[1:], **kwargs)

    for name in ("Experiment", "ExistingExperiment"):
        if hasattr(module, name):
            setattr(module, name, experiment)


def _mlflow(agent, module):
    original = module.set_tracking_uri

    def set_tracking_uri(uri):
        return original(_here(agent, uri))

    module.set_tracking_uri = set_tracking_uri


def _mlflow_client(agent, module):
    made = module.MlflowClient.__init__

    def init(self, tracking_uri=None, *args, **kwargs):
        made(self, _here(agent, tracking_uri), *args, **kwargs)

    module.MlflowClient.__init__ = init


def _here(agent, uri):
    """A folder or a file of the copies as it is; a server, or a place of the user's, becomes the environment's own."""
    if uri is None or (not isinstance(uri, os.PathLike) and not str(uri)):
        return uri
    text = os.path.expanduser(re.sub(r"^(sqlite[^:/]*:///|file:(//)?)", "", str(uri)))
    is_ours = (os.path.realpath(text) + os.sep).startswith(copies(agent)) if agent.copy else True
    is_fine = "://" not in text and text != "databricks" and is_ours
    return uri if is_fine else os.environ.get("MLFLOW_TRACKING_URI")


HOOKS = {
    "wandb": _wandb, "neptune": _neptune, "swanlab": _swanlab, "comet_ml": _comet, "mlflow": _mlflow,
    "mlflow.tracking.client": _mlflow_client,
}  # fmt: skip
