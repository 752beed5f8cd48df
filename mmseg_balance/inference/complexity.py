"""Operations and parameters of the network that predicts."""

import torch
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..checkpoints.export.config import strip_initial_weights
from ..checkpoints.export.segmentor import choose_part
from ..files.config_walk import dicts_in
from ..models.declarations import declared
from ..models.head_losses.classifier_features import logits_and_features
from ..models.head_losses.instances import finds_instances
from .post_hoc import part_from_balancing

CITYSCAPES, CROP = (1024, 2048), (224, 224)


def count_operations(
    cfg: Config, height: int, width: int, device: str = 'cpu'
) -> dict[str, int]:
    """Count what one forward pass of an image takes, as mmengine counts.

    Args:
        cfg: Config of a UDA model, of which one segmentor counts, or of a
            segmentor, balanced or not. No weights are loaded.
        height, width: Size of the image in pixels.
        device: Where the pass runs.

    Returns:
        'flops', multiply-adds counted once, and 'params', without auxiliary
        heads. Of Mask R-CNN as many boxes count as it keeps at most, and 100
        masks.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    segmentor, _ = choose_part(part_from_balancing(cfg)[0], None)
    strip_initial_weights(segmentor)
    segmentor.pop('auxiliary_head', None)
    model = revert_sync_batchnorm(MODELS.build(segmentor)).to(device).eval()
    if finds_instances(model):
        model = _WithInstances(model)
    mean = getattr(model.data_preprocessor, 'mean', None)
    channels = 3 if mean is None else mean.numel()
    images = torch.rand(1, channels, height, width, device=device)
    found = get_model_complexity_info(
        model, inputs=images, show_table=False, show_arch=False
    )
    return dict(flops=int(found['flops']), params=int(found['params']))


def image_size(cfg: Config) -> tuple[int, int]:
    """Height and width of the images that a network is meant for.

    Args:
        cfg: Config of a model.

    Returns:
        Those of Cityscapes; of a classifier those of its crops.
    """
    for part in dicts_in(cfg.model):
        if declared(part, 'labels_images') is True:
            settings = part.get('data_preprocessor') or {}
            height, width = settings.get('size') or CROP
            return height, width
    return CITYSCAPES


class _WithInstances(nn.Module):
    """A panoptic segmentor, one pass through all of it.

    Args:
        segmentor: The segmentor.
    """

    def __init__(self, segmentor: nn.Module) -> None:
        super().__init__()
        self.segmentor = segmentor
        self.data_preprocessor = segmentor.data_preprocessor

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Outputs of both branches, for images (N, 3, H, W)."""
        features = self.segmentor.extract_feat(images)
        head, branch = self.segmentor.decode_head, self.segmentor.instance_head
        if not branch.uses_decoder:
            return head.forward(features), *branch(features)
        logits, decoded = logits_and_features(head, features)
        return logits, *branch(features, decoded)
