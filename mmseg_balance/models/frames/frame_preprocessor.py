"""Normalises pairs of frames."""

from collections.abc import Sequence
from typing import Any

from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, stack

from ...errors import UserValueError
from ...optical_flow.warping import inside
from .pairs import FramePair, pad_field, stack_frames

FIELDS = ('prev_img', 'flow', 'flow_valid')


@MODELS.register_module()
class FrameDataPreProcessor(SegDataPreProcessor):
    """``SegDataPreProcessor`` that stacks the frame before each image to it.

    The earlier frame is normalised and padded as the image is. Where no
    sample of a batch has one, the batch is that of ``SegDataPreProcessor``;
    values of the images are equal in any case.

    Args:
        in_tests: Whether frames are stacked in validation and tests as well,
            for a segmentor that predicts from both, such as
            ``AccelEncoderDecoder``.
        **kwargs: Of ``SegDataPreProcessor``, but for ``batch_augments``,
            which would draw once for the image and again for the frame.

    Raises:
        ValueError: ``batch_augments`` is set; or, of a batch, only some of
            its samples have frames, or a frame has no flow.
    """

    def __init__(self, in_tests: bool = False, **kwargs: Any) -> None:
        if kwargs.get('batch_augments') is not None:
            raise UserValueError(
                'data_preprocessor.batch_augments would not draw the same for '
                'an image and the frame before it: remove it'
            )
        super().__init__(**kwargs)
        self.in_tests = in_tests

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Normalise, pad and stack.

        Args:
            data: ``dict(inputs=..., data_samples=...)`` of a data loader.
            training: Whether it is a batch of a training.

        Returns:
            The same; ``inputs`` are (N, 9, H, W), see ``stack_frames``,
            where the samples have frames.
        """
        data = self.cast_data(data)
        images, samples = data['inputs'], data.get('data_samples')
        if not (training or self.in_tests) or not _have_frames(samples):
            return self._normalised(images, samples, training)
        _check_sizes(images, samples)
        batch = self._normalised(images, samples, training)
        others = self._normalised(
            [sample.prev_img.data for sample in samples],
            [SegDataSample() for _ in samples],
            training,
        )
        size = tuple(batch['inputs'].shape[-2:])
        flows = [s.flow.data for s in samples]
        # padding is none of the frame
        valid = [
            s.flow_valid.data[0] & inside(flow[None])[0]
            for s, flow in zip(samples, flows, strict=True)
        ]
        pair = FramePair(
            others['inputs'], _stacked(flows, size), _stacked(valid, size)
        )
        return dict(batch, inputs=stack_frames(batch['inputs'], pair))

    def _normalised(
        self,
        images: Sequence[Tensor],
        samples: Sequence[SegDataSample] | None,
        training: bool,
    ) -> dict[str, Any]:
        """What ``SegDataPreProcessor`` makes of a batch on its device.

        Which turns channels by a list, that is copied to the device for each
        image and waited for. Here they are flipped.
        """
        turns = self.channel_conversion
        if turns:
            images = [x.flip(0) if len(x) == 3 else x for x in images]
        self.channel_conversion = False
        try:
            return super().forward(
                dict(inputs=list(images), data_samples=samples), training
            )
        finally:
            self.channel_conversion = turns


def _have_frames(samples: Sequence[SegDataSample] | None) -> bool:
    """Whether all samples have frames, and not one of them.

    Raises:
        ValueError: Some have, or one without the flow to it.
    """
    found = ['prev_img' in sample for sample in samples or ()]
    if not any(found):
        return False
    if not all(found):
        missing = samples[found.index(False)].metainfo.get('img_path')
        raise UserValueError(
            f'Image {missing} comes without the frame before it (prev_img), '
            'another image of its batch with one: give all data sets of a '
            "loader dict(type='LoadPreviousFrame')"
        )
    for sample in samples:
        for field in FIELDS:
            if field not in sample:
                raise UserValueError(
                    f'Image {sample.metainfo.get("img_path")} comes with the '
                    f'frame before it, but without {field}: put '
                    "dict(type='LoadOpticalFlow') behind LoadPreviousFrame"
                )
    return True


def _check_sizes(
    images: Sequence[Tensor], samples: Sequence[SegDataSample]
) -> None:
    for image, sample in zip(images, samples, strict=True):
        for field in FIELDS:
            found = tuple(sample.get(field).data.shape[-2:])
            if found != tuple(image.shape[-2:]):
                raise UserValueError(
                    f'{field} of {sample.metainfo.get("img_path")} has '
                    f'{found[1]} x {found[0]} and the image '
                    f'{image.shape[-1]} x {image.shape[-2]} pixels (width x '
                    'height): a transform moved the image alone'
                )


def _stacked(fields: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    return stack([pad_field(field, size, 0) for field in fields])
