"""A model with the weights of its checkpoint, both checked."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.export.segmentor import choose_part
from ..checkpoints.initial.timm_weights import keep_from_fetching
from ..configuration.checks.post_hoc import refuse_post_hoc
from ..configuration.checks.predictions import check_predicts_labels
from ..configuration.model_config import model_config
from ..configuration.reading import load_config
from ..datasets.checks import build_lazily
from ..errors import UserValueError
from .evaluation_set import TEST_SET


def build_predictor(
    config: str | Path | Config,
    checkpoint: str,
    cfg_options: dict | None = None,
    part: str | None = None,
    device: str | None = None,
) -> tuple[Config, nn.Module]:
    """Build the model of a config and load a checkpoint into it.

    Args:
        config: Config file of a UDA model or of a plain segmentor, or what
            ``load_config`` made of it.
        checkpoint: Its checkpoint: a file, or an address that mmengine can
            load.
        cfg_options: Overrides by dotted key, as ``--cfg-options`` gives them.
        part: 'student' or 'teacher' of a UDA model; by default what its
            ``predict_with`` says.
        device: Such as 'cpu' or 'cuda:0'. Default: an accelerator where
            there is one.

    Returns:
        The config, and the model in evaluation mode with ``dataset_meta``
        where the classes are known.

    Raises:
        FileNotFoundError: There is no such config or checkpoint.
        ValueError: The checkpoint is not of this model or of other classes,
            the model has another number of classes than the test set or
            is a PostHocSegmentor, or ``part`` is none of it.
    """
    if isinstance(config, Config):
        cfg = config
        cfg.merge_from_dict(cfg_options or {})
    else:
        cfg = load_config(str(config), cfg_options)
    if not cfg.get('model'):
        raise UserValueError(
            f'{cfg.filename} has no model: give the config that {checkpoint} '
            'was trained with'
        )
    check_predicts_labels(cfg)
    refuse_post_hoc(cfg)
    loaded = Checkpoint.read(checkpoint)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    if part is not None:
        choose_part(cfg, part)
        cfg.model.predict_with = part

    config = model_config(cfg)
    keep_from_fetching(config)
    model = MODELS.build(config)
    dataset = lazy_test_set(cfg)
    loaded.check(model, dataset)
    load_fitting(model, loaded.weights)
    names = loaded.meta.get('dataset_meta') or getattr(
        dataset, 'metainfo', None
    )
    if names is not None:
        model.dataset_meta = names
    return cfg, model.to(device or get_device()).eval()


def load_fitting(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load the entries of a state dict that a model has in the same shape.

    ``check_fits`` says before whether those that predict are among them;
    others, such as the state of a loss, are left where they differ.

    Args:
        model: The model, changed in place.
        weights: State dict.
    """
    own = model.state_dict()
    fitting = {
        key: value
        for key, value in weights.items()
        if key in own and own[key].shape == value.shape
    }
    model.load_state_dict(fitting, strict=False)


def lazy_test_set(cfg: Config) -> Any:
    """The test set without its files, for its classes and ids.

    Args:
        cfg: Config of a training or of an evaluation.

    Returns:
        The data set; None where there is none, or where it cannot be built
        without its folders.
    """
    config = (cfg.get('test_dataloader') or {}).get('dataset')
    if not config:
        return None
    try:
        return build_lazily(config.to_dict(), TEST_SET)
    except (OSError, ValueError):
        # its folders are missing, which matters to those who read them
        return None
