"""What a branch for instances is, whatever finds them."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from mmseg.utils import OptMultiConfig, SampleList
from torch import Tensor


class InstanceHead(BaseModule, metaclass=ABCMeta):
    """The instance branch of a :class:`PanopticEncoderDecoder`.

    ``forward(features, decoder_features)`` of a subclass gives what is made
    instances, for whoever counts operations.

    Args:
        things: Labels of the thing classes, in ascending order. The segmentor
            gives its own to a head whose config has none.
        init_cfg: Of ``BaseModule``.

    Attributes:
        uses_decoder (bool): Whether the branch reads the features that enter
            the classifier of the semantic decoder (a shared decoder).
    """

    uses_decoder = False

    def __init__(
        self, things: Sequence[int], init_cfg: OptMultiConfig = None
    ) -> None:
        super().__init__(init_cfg)
        self.things = tuple(things)

    @abstractmethod
    def losses(
        self,
        features: Sequence[Tensor],
        data_samples: SampleList,
        decoder_features: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Losses on labelled images.

        Args:
            features: Levels of the backbone, (N, C_l, h_l, w_l) each.
            decoder_features: Of the semantic decoder, (N, F, h, w), where
                the head ``uses_decoder``.
            data_samples: With ``gt_instances`` or ``gt_centers``; their
                metainfo has ``img_shape``.

        Returns:
            Losses by names that begin with 'loss', and diagnostics.
        """

    @abstractmethod
    def predict(
        self,
        features: Sequence[Tensor],
        semantic: Sequence[Tensor],
        metas: Sequence[dict[str, Any]],
        logits: Sequence[Tensor],
        decoder_features: Tensor | None = None,
    ) -> list[tuple[Tensor, InstanceData]]:
        """Segments of each image, at its original size.

        Args:
            features, decoder_features: As above.
            semantic: Predicted label of each pixel, N of (H, W).
            metas: N of ``img_shape`` and ``pad_shape``, the size without and
                with padding, ``padding_size`` (left, right, top, bottom) and
                ``ori_shape`` (H, W).
            logits: Of the semantic decoder, N of (C, H, W).

        Returns:
            For each image the ids of its segments, integers (H, W), and its
            instances: ``labels`` (K,), classes; ``scores`` (K,); ``masks``,
            bool (K, H, W).
        """
