"""A classifier of images in the frame of segmentors."""

from collections.abc import Sequence
from typing import Any

from mmengine.structures import PixelData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import ConfigType, OptConfigType, OptSampleList, SampleList
from torch import Tensor

from ...errors import UserTypeError, UserValueError
from .classifier_head import ClassifierHead
from .image_labels import image_labels


@MODELS.register_module()
class ImageClassifier(EncoderDecoder):
    """A backbone and a ``ClassifierHead``: one label an image.

    A segmentor of maps of one pixel: logits are (N, C, 1, 1) and labels
    (N, 1, 1) whatever the size of the images, so that losses, balancing and
    methods take them as they are. Predictions are ``seg_logits`` (C, 1, 1)
    and ``pred_sem_seg`` (1, 1, 1), of no image's size.

    Args:
        backbone: Config of a backbone, whose output is a tensor, or a list of
            tensors of which the head takes one.
        decode_head: Config of a ``ClassifierHead``.
        test_cfg: Only ``dict(mode='whole')``, the default.
        auxiliary_head: Only None.
        **kwargs: See ``EncoderDecoder``.

    Raises:
        TypeError, ValueError: Parts of a segmentor that labels pixels.
    """

    labels_images = True

    def __init__(
        self,
        backbone: ConfigType,
        decode_head: ConfigType,
        test_cfg: OptConfigType = None,
        auxiliary_head: None = None,
        **kwargs: Any,
    ) -> None:
        test_cfg = dict(mode='whole') if test_cfg is None else test_cfg
        _check_no_maps(test_cfg, auxiliary_head)
        super().__init__(backbone, decode_head, test_cfg=test_cfg, **kwargs)
        if not isinstance(self.decode_head, ClassifierHead):
            raise UserTypeError(
                "ImageClassifier needs decode_head.type='ClassifierHead', "
                f'but got {type(self.decode_head).__name__}, which labels '
                "pixels: set it, or type='EncoderDecoder' for a segmentor"
            )

    def extract_feat(self, inputs: Tensor) -> Sequence[Tensor]:
        """Features of images (N, 3, H, W), as a list of tensors."""
        features = super().extract_feat(inputs)
        return (features,) if isinstance(features, Tensor) else features

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of labelled images, in a training without a method.

        Args:
            inputs: (N, 3, H, W).
            data_samples: With the label of each image.

        Raises:
            ValueError: They have maps of labels.
        """
        labels = image_labels(data_samples)
        for sample, label in zip(data_samples, labels, strict=True):
            sample.gt_sem_seg = PixelData(data=label[None])
        return super().loss(inputs, data_samples)

    def inference(self, inputs: Tensor, batch_img_metas: list[dict]) -> Tensor:
        """Logits of images (N, 3, H, W), (N, C, 1, 1)."""
        return self.encode_decode(inputs, batch_img_metas)

    def postprocess_result(
        self, seg_logits: Tensor, data_samples: OptSampleList = None
    ) -> SampleList:
        """Put logits and label of each image into its sample.

        Args:
            seg_logits: (N, C, 1, 1).
            data_samples: Of the images. Default: new ones.
        """
        if data_samples is None:
            data_samples = [SegDataSample() for _ in seg_logits]
        for logits, sample in zip(seg_logits, data_samples, strict=True):
            label = logits.argmax(0, keepdim=True)
            sample.set_data(
                dict(
                    seg_logits=PixelData(data=logits),
                    pred_sem_seg=PixelData(data=label),
                )
            )
        return data_samples


def _check_no_maps(test_cfg: ConfigType, auxiliary_head: object) -> None:
    if test_cfg.get('mode', 'whole') != 'whole':
        raise UserValueError(
            f'test_cfg.mode of ImageClassifier is {test_cfg["mode"]!r}, but '
            "an image has one label: set test_cfg=dict(mode='whole')"
        )
    if auxiliary_head is not None:
        raise UserValueError(
            'ImageClassifier takes no auxiliary_head: an image has one '
            'label, which the decode_head gives; leave it away'
        )
