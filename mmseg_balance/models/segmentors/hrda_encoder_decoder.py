"""A segmentor that sees the whole image coarsely and parts of it sharply."""

import torch
from mmseg.models import EncoderDecoder
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.utils import SampleList
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import UserTypeError, UserValueError
from ..decode_heads.hrda_head import HRDAHead
from ..decode_heads.scaled_features import ScaledFeatures
from ..head_losses.pixel_targets import PixelTargets
from ..head_losses.segmentation_loss import segmentation_losses
from ..windows import Box, random_box, sliding_boxes
from .grouped_features import grouped_features, runs_kernels


@MODELS.register_module()
class HRDAEncoderDecoder(EncoderDecoder):
    """Context and detail through one backbone (HRDA, ECCV 2022).

    In training the detail is one random crop, in tests and for pseudo-labels
    it is all of the image in sliding windows. Predictions agree with the
    segmentor of that name in https://github.com/lhoyer/HRDA; the crop
    belongs to the call, not to the class.

    ``test_cfg.mode='slide'`` runs several windows at once, each with its own
    context and detail.

    Args:
        scale: Resolution of the context, (0, 1].
        detail_crop_size: Height and width of a detail window.
        crop_coord_divisible: Offsets of detail crops, and image sizes in
            training, are multiples of it: of the head's stride / ``scale``.
        detail_overlap: Whether sliding detail windows overlap by half.
        max_windows: How many images or windows at most go through the
            network at once in evaluation mode. Default: all. (A teacher in
            training has batch norms that see all of them.)
        **kwargs: Arguments of ``EncoderDecoder``.

    Raises:
        TypeError: The decode head is not an HRDAHead.
        ValueError: A setting that cannot work, auxiliary heads among them.
    """

    def __init__(
        self,
        *args,
        scale: float = 0.5,
        detail_crop_size: tuple[int, int] = (512, 512),
        crop_coord_divisible: int = 8,
        detail_overlap: bool = True,
        max_windows: int | None = None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(self.scaled_head, HRDAHead):
            raise UserTypeError(
                "HRDAEncoderDecoder needs decode_head.type='HRDAHead', but "
                f'got {type(self.scaled_head).__name__}'
            )
        if self.with_auxiliary_head:
            raise UserValueError(
                'HRDAEncoderDecoder has no use for auxiliary_head: remove it'
            )
        if not 0 < scale <= 1:
            raise UserValueError(
                f'Expected `scale` in (0, 1], but got {scale}'
            )
        step, sides = crop_coord_divisible, detail_crop_size
        if not isinstance(sides, (tuple, list)) or len(sides) != 2:
            raise UserValueError(
                'Expected `detail_crop_size` to be (height, width), but got '
                f'{sides}'
            )
        if step < 1 or any(side < step or side % step for side in sides):
            raise UserValueError(
                'Expected `detail_crop_size` to be multiples of '
                f'crop_coord_divisible={step}, but got {tuple(sides)}'
            )
        if max_windows is not None and max_windows < 1:
            raise UserValueError(
                f'Expected `max_windows` to be positive, but got {max_windows}'
            )
        if (self.test_cfg or {}).get('mode') == 'slide':
            size = self.test_cfg.get('crop_size')
            stride = self.test_cfg.get('stride')
            if not size or not stride:
                raise UserValueError(
                    "test_cfg.mode='slide' needs test_cfg.crop_size and "
                    f'test_cfg.stride, but they are {size} and {stride}'
                )
            sliding_boxes(size, size, stride)  # refuses what leaves gaps
        self.scale = scale
        self.detail_crop_size = tuple(detail_crop_size)
        self.crop_coord_divisible = crop_coord_divisible
        self.detail_overlap = detail_overlap
        self.max_windows = max_windows

    @property
    def scaled_head(self) -> nn.Module:
        """The head that joins context and detail."""
        return self.decode_head

    @torch.no_grad()
    def context_images(self, images: Tensor) -> Tensor:
        """Images at the resolution of the context."""
        if self.scale == 1:
            return images
        return resize(images, scale_factor=self.scale, mode='bilinear')

    def extract_train_feat(
        self, inputs: Tensor, box: Box | None = None
    ) -> ScaledFeatures:
        """Features of the context and of one random crop, for all images.

        Args:
            inputs: (N, 3, H, W).
            box: The crop. Default: one of ``draw_box``.

        Raises:
            ValueError: H or W is no multiple of ``crop_coord_divisible``.
        """
        image = self._check_divisible(inputs)
        box = box or self.draw_box(image)
        batches = self.context_images(inputs), box.of(inputs)
        if self._go_together(*batches):
            context, detail = grouped_features(self.backbone, batches)
        else:
            context, detail = map(super().extract_feat, batches)
        return ScaledFeatures(
            context,
            [detail],
            [box],
            image,
            self.crop_coord_divisible,
        )

    def draw_box(self, image: tuple[int, int]) -> Box:
        """Draw a detail crop of images of that size."""
        return random_box(
            image, self.detail_crop_size, self.crop_coord_divisible
        )

    def extract_feat(self, inputs: Tensor) -> ScaledFeatures:
        """Features of the context and of all sliding detail windows.

        Args:
            inputs: (N, 3, H, W).

        Raises:
            ValueError: H or W is no multiple of ``crop_coord_divisible``.
        """
        image = self._check_divisible(inputs)
        boxes = self.detail_boxes(image)
        windows = torch.cat([box.of(inputs) for box in boxes])
        groups = [
            super(HRDAEncoderDecoder, self).extract_feat(group)
            for group in windows.split(self._together(len(windows)))
        ]
        context = super().extract_feat(self.context_images(inputs))
        return ScaledFeatures(context, groups, boxes, image)

    def detail_boxes(self, image: tuple[int, int]) -> list[Box]:
        """Sliding detail windows of an image of that size."""
        half = 2 if self.detail_overlap else 1
        stride = tuple(side // half for side in self.detail_crop_size)
        return sliding_boxes(image, self.detail_crop_size, stride)

    def encode_decode(
        self, inputs: Tensor, batch_img_metas: list[dict]
    ) -> Tensor:
        """Logits at the size of the images, (N, C, H, W).

        Images are padded at the lower and right margin to multiples of
        ``crop_coord_divisible``; what is padded is cut off again.
        """
        height, width = inputs.shape[-2:]
        step = self.crop_coord_divisible
        padded = F.pad(inputs, (0, -width % step, 0, -height % step))
        logits = self.decode_head.forward(self.extract_feat(padded))
        logits = resize(logits, size=padded.shape[-2:], mode='bilinear')
        return logits[..., :height, :width]

    def slide_inference(
        self, inputs: Tensor, batch_img_metas: list[dict]
    ) -> Tensor:
        """Logits of sliding windows, averaged where they overlap.

        Windows go through the network together. See ``test_cfg.crop_size``
        and ``test_cfg.stride``.
        """
        image = tuple(inputs.shape[-2:])
        size, stride = self.test_cfg.crop_size, self.test_cfg.stride
        boxes = sliding_boxes(image, size, stride)
        count = inputs.new_zeros(image)
        logits = inputs.new_zeros((len(inputs), self.out_channels, *image))
        together = max(self._together(len(boxes)) // len(inputs), 1)
        for start in range(0, len(boxes), together):
            group = boxes[start : start + together]
            windows = torch.cat([box.of(inputs) for box in group])
            parts = self.encode_decode(windows, batch_img_metas)
            for box, part in zip(group, parts.chunk(len(group)), strict=True):
                box.of(logits).add_(part)
                box.of(count).add_(1)
        return logits / count

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict:
        """Losses of supervised training without a UDA model."""
        labels = torch.stack(
            [sample.gt_sem_seg.data.squeeze(0) for sample in data_samples]
        )
        features = self.extract_train_feat(inputs)
        return segmentation_losses(self, features, PixelTargets(labels))

    def _go_together(self, context: Tensor, detail: Tensor) -> bool:
        """Whether one pass of the backbone is as good as two.

        On a GPU, where it is half the kernels; on a CPU, which gains nothing,
        sums stay as they were.
        """
        return (
            runs_kernels(context)
            and context.shape == detail.shape
            and getattr(self.backbone, 'takes_groups', False)
            and not self.with_neck
        )

    def _together(self, windows: int) -> int:
        if self.training or self.max_windows is None:
            return windows
        return self.max_windows

    def _check_divisible(self, inputs: Tensor) -> tuple[int, int]:
        height, width = inputs.shape[-2:]
        if height % self.crop_coord_divisible or (
            width % self.crop_coord_divisible
        ):
            raise UserValueError(
                f'HRDAEncoderDecoder got images of {height} x {width} pixels,'
                ' but expects multiples of crop_coord_divisible='
                f'{self.crop_coord_divisible}: change crop_size of RandomCrop '
                'and data_preprocessor.size'
            )
        return height, width
