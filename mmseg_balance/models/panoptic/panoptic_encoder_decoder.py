"""A segmentor that finds instances, too."""

from collections.abc import Callable, Sequence
from typing import Any

from mmengine.structures import PixelData
from mmseg.models import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import (
    ConfigType,
    OptSampleList,
    SampleList,
    add_prefix,
)
from torch import Tensor

from ...errors import UserValueError
from ..head_losses.classifier_features import logits_and_features
from .instance_head import InstanceHead
from .settings import check_prediction_mode, check_things, with_things


@MODELS.register_module()
class PanopticEncoderDecoder(EncoderDecoder):
    """One encoder, a semantic decoder and a branch for instances (EDAPS).

    All that reads a segmentor's logits takes it for a semantic one. Its
    predictions have, beside ``pred_sem_seg`` and ``seg_logits``:

    - ``pred_panoptic_seg``: ids of segments, int32 (1, H, W): class * 1000 +
      a number within the class, from 1 for things and 0 for stuff; 255000
      where there is none.
    - ``pred_instances``: ``labels`` (classes), ``scores``, and ``masks``,
      bool (K, H, W).

    The architecture is M-Dec of EDAPS (ICCV 2023),
    https://github.com/susaha/edaps.

    Args:
        instance_head: Config of an :class:`InstanceHead`.
        things: Labels of the thing classes, in ascending order.
        **kwargs: Arguments of ``EncoderDecoder``.

    Attributes:
        rescore: Changes ``seg_logits`` and ``pred_sem_seg`` of a sample in
            place, before its instances are found from them. None: nothing
            does.

    Raises:
        ValueError: ``things`` do not fit the classes of the decode head, or
            ``test_cfg.mode`` is 'slide'.
    """

    unmerged_views = 'finds instances, which are not merged over views'

    def __init__(
        self,
        *args: Any,
        instance_head: ConfigType,
        things: Sequence[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        check_prediction_mode(self.test_cfg)
        self.things = check_things(things, self.num_classes)
        self.rescore: Callable[[SegDataSample], None] | None = None
        self.instance_head: InstanceHead = MODELS.build(
            with_things(instance_head, self.things)
        )

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of supervised training, semantic ones and of instances."""
        features = self.extract_feat(inputs)
        losses, decoded = self._decode_losses(features, data_samples)
        if self.with_auxiliary_head:
            losses |= self._auxiliary_head_forward_train(
                features, data_samples
            )
        return losses | self.instance_losses(features, data_samples, decoded)

    def instance_losses(
        self,
        features: Sequence[Tensor],
        data_samples: SampleList,
        decoder_features: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Losses of the instance branch.

        Args:
            features: Of ``extract_feat``, for semantic losses as well.
            data_samples: With the targets that the branch learns.
            decoder_features: What enters the semantic classifier, (N, F, h,
                w); for a branch that ``uses_decoder``.

        Returns:
            Losses and diagnostics by name, ``instance.loss_cls`` for one.
        """
        losses = self.instance_head.losses(
            features, data_samples, decoder_features
        )
        return {f'instance.{name}': value for name, value in losses.items()}

    def predict(
        self, inputs: Tensor, data_samples: OptSampleList = None
    ) -> SampleList:
        """Classes, segments and instances of images, at their original size.

        Args:
            inputs: Normalised and padded images, (N, 3, H, W).
            data_samples: Their samples; filled. Default: new ones.

        Raises:
            ValueError: An image is flipped.
        """
        metas = image_metas(inputs, data_samples)
        features = self.extract_feat(inputs)
        seg_logits, decoded = self._decode(features, metas)
        samples = self.postprocess_result(seg_logits, data_samples)
        if self.rescore is not None:
            for sample in samples:
                self.rescore(sample)
        found = self.instance_head.predict(
            features,
            [sample.pred_sem_seg.data.squeeze(0) for sample in samples],
            metas,
            [sample.seg_logits.data for sample in samples],
            decoded,
        )
        for sample, (ids, instances) in zip(samples, found, strict=True):
            sample.pred_panoptic_seg = PixelData(data=ids.int().unsqueeze(0))
            sample.pred_instances = instances
        return samples

    def _decode_losses(
        self, features: Sequence[Tensor], data_samples: SampleList
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """Semantic losses; what enters the classifier, where it is read."""
        if not self.instance_head.uses_decoder:
            # any head, those with losses of their own as well
            return self._decode_head_forward_train(
                features, data_samples
            ), None
        head = self.decode_head
        logits, decoded = logits_and_features(head, features)
        losses = head.loss_by_feat(logits, data_samples)
        return add_prefix(losses, 'decode'), decoded

    def _decode(
        self, features: Sequence[Tensor], metas: list[dict[str, Any]]
    ) -> tuple[Tensor, Tensor | None]:
        """Logits at the size of the input; and the same."""
        head = self.decode_head
        if not self.instance_head.uses_decoder:
            return head.predict(features, metas, self.test_cfg), None
        logits, decoded = logits_and_features(head, features)
        return head.predict_by_feat(logits, metas), decoded


def image_metas(
    inputs: Tensor, data_samples: OptSampleList
) -> list[dict[str, Any]]:
    """Sizes of images before and behind padding, and of their files.

    Args:
        inputs: (N, 3, H, W).
        data_samples: Their samples; None: images as they are.

    Returns:
        Metainfo of each, with ``img_shape``, ``pad_shape``, ``padding_size``
        (left, right, top, bottom) and ``ori_shape``.

    Raises:
        ValueError: An image is flipped.
    """
    height, width = inputs.shape[-2:]
    found = []
    for sample in data_samples or [None] * len(inputs):
        meta = {} if sample is None else dict(sample.metainfo)
        if meta.get('flip'):
            raise UserValueError(
                'Expected images that are not flipped, as instances of '
                f'several views are not merged, but {meta.get("img_path")} '
                'is: leave --tta away'
            )
        padding = meta.get(
            'img_padding_size', meta.get('padding_size', [0] * 4)
        )
        left, right, top, bottom = padding
        shape = height - top - bottom, width - left - right
        found.append(
            dict(ori_shape=shape)
            | meta
            | dict(
                img_shape=shape,
                pad_shape=(height, width),
                padding_size=list(padding),
            )
        )
    return found
