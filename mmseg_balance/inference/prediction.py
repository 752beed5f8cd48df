"""Logits of a trained model, image after image, for tools that look at them.

Nothing of an evaluation is done here: no metric, no runner, no work folder.
"""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import cv2
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.export.segmentor import choose_part
from ..configuration.checks.post_hoc import refuse_post_hoc
from ..configuration.model_config import model_config
from ..configuration.reading import load_config
from ..datasets.checks import build_lazily
from ..datasets.loading.leaves import keyed_leaves
from ..errors import UserRuntimeError, UserValueError
from .evaluation_set import TEST_SET

IGNORED = 255


@dataclass
class LabelledLogits:
    """What a model says of one image, and what its label says.

    Attributes:
        index: Index of the image in the data set.
        logits: float32 (C, H, W) at the size of the original image, on the
            device of the model.
        labels: int64 (H, W) on the same device, 255 where ignored; None
            where the pipeline loads no labels.
    """

    index: int
    logits: Tensor
    labels: Tensor | None


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
    refuse_post_hoc(cfg)
    loaded = Checkpoint.read(checkpoint)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    if part is not None:
        choose_part(cfg, part)
        cfg.model.predict_with = part

    model = MODELS.build(model_config(cfg))
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


@torch.no_grad()
def predict_logits(
    model: nn.Module,
    dataset: Sequence[dict],
    start: int = 0,
    num_workers: int = 2,
) -> Iterator[LabelledLogits]:
    """Predict one image after the other, in the order of the data set.

    Sliding windows, padding, resizing and un-flipping are those of the
    model's own ``predict``, as in mmseg-balance test.

    Args:
        model: Of :func:`build_predictor`, or another with ``test_step``.
        dataset: Data set whose pipeline packs its samples.
        start: Index of the first image.
        num_workers: Processes that load images ahead. 0: none.

    Yields:
        Logits and labels of each image.

    Raises:
        RuntimeError: The pipeline returned None for an image.
        ValueError: A label has another size than the logits; names the
            files.
    """
    ignore_index = _ignore_index(dataset)
    loader = DataLoader(
        Subset(dataset, range(start, len(dataset))),
        batch_size=1,
        collate_fn=pseudo_collate,
        num_workers=num_workers,
        worker_init_fn=_start_worker,
        # the seeds of the workers: not drawn from the global generator
        generator=torch.Generator().manual_seed(0),
    )
    for index, batch in enumerate(loader, start):
        if not isinstance(batch, dict):
            raise UserRuntimeError(
                f'the pipeline returned None for image {index} of the '
                f'{type(dataset).__name__}: take the image out, or the '
                'transform that gives up on it'
            )
        # before predict, which returns the samples with its results in them
        truth = batch['data_samples'][0].get('gt_sem_seg')
        (sample,) = model.test_step(batch)
        logits = sample.seg_logits.data.float()
        labels = None
        if truth is not None:
            labels = truth.data.squeeze(0).to(logits.device, torch.int64)
            _check_size(labels, logits, sample.metainfo)
            if ignore_index != IGNORED:
                labels = labels.masked_fill(labels == ignore_index, IGNORED)
        yield LabelledLogits(index, logits, labels)


def _check_size(labels: Tensor, logits: Tensor, metainfo: dict) -> None:
    if labels.shape != logits.shape[1:]:
        raise UserValueError(
            f'the label {metainfo.get("seg_map_path")} is of size '
            f'{tuple(labels.shape)} (height, width) behind the pipeline, the '
            f'logits of {metainfo.get("img_path")} are of its original size '
            f'{tuple(logits.shape[1:])}: put LoadAnnotations behind Resize in '
            'the test pipeline'
        )


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


def _ignore_index(dataset: Any) -> int:
    """Label of ignored pixels in a data set, or in the first it is made of."""
    _, first = next(keyed_leaves(dataset, TEST_SET))
    return getattr(first, 'ignore_index', IGNORED)


def _start_worker(_: int) -> None:
    """Leave the cores to the model, and signals to the main process.

    Ctrl-C, and a cluster that ends a job, reach all processes of a group; a
    worker that dies of them would make the main process raise anywhere.
    """
    cv2.setNumThreads(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _outlive)


def _outlive(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
