"""Frames before the images of a step, for those who read them."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS

from mmseg_balance.models.uda import Objective


class Reader(Objective):
    """Reads what a step has; its loss is of the weights."""

    prefix = 'reader'
    needs_pseudo_labels = False

    def __init__(self, source=False, target=False):
        super().__init__()
        self.needs_source_frames = source
        self.needs_target_frames = target
        self.needs_target = target

    def forward(self, student, step):
        return dict(loss_w=sum(p.sum() for p in student.parameters()))


def model_of(segmentor, takes=False, **needs):
    config = segmentor()
    preprocessor = dict(config['data_preprocessor'])
    preprocessor['type'] = 'FrameDataPreProcessor'
    config['data_preprocessor'] = preprocessor
    objectives = [Reader(**needs)]
    model = MODELS.build(
        dict(type='UDASegmentor', segmentor=config, objectives=objectives)
    )
    model.student.takes_frames = takes
    return model.train()


def with_frames(batch, *branches):
    data = batch()
    for branch in branches:
        for image, sample in zip(
            data[branch]['inputs'], data[branch]['data_samples']
        ):
            size = image.shape[-2:]
            fields = dict(
                prev_img=255 - image,
                flow=torch.ones(2, *size),
                flow_valid=torch.ones(1, *size) > 0,
                prev_gt_sem_seg=torch.full((1, *size), 7),
            )
            sample.set_data({k: PixelData(data=v) for k, v in fields.items()})
    return data


def test_frames_are_given_to_who_reads_them(segmentor, batch):
    model = model_of(segmentor, source=True, target=True)
    step = model.prepare(with_frames(batch, 'source', 'target'))
    for images, pair in (
        (step.source_images, step.source_frames),
        (step.target_images, step.target_frames),
    ):
        assert images.shape[1] == 3 and pair.images.shape == images.shape
        assert pair.flow.eq(1).all() and pair.valid[:, :-1, :-1].all()
        assert not pair.valid[:, -1].any()  # it leads beyond the image
        assert pair.labels.eq(7).all()


def test_frames_that_nobody_reads_change_nothing(segmentor, batch):
    data = batch()
    seed = torch.random.get_rng_state()
    plain = model_of(segmentor).prepare(data)
    torch.random.set_rng_state(seed)
    step = model_of(segmentor).prepare(with_frames(batch, 'source'))
    assert step.source_frames is None and step.target_frames is None
    assert step.source_images.shape == plain.source_images.shape


def test_a_student_that_takes_frames_gets_them(segmentor, batch):
    model = model_of(segmentor, takes=True, target=True)
    step = model.prepare(with_frames(batch, 'source', 'target'))
    assert step.source_images.shape[1] == step.target_images.shape[1] == 9
    assert step.source_frames is None
    assert torch.equal(step.target_images[:, 3:6], step.target_frames.images)


@pytest.mark.parametrize(
    'needs, there, said',
    [
        (dict(source=True), (), 'Reader learns .* the source images'),
        (dict(target=True), ('source',), 'Reader .* the target images'),
        (dict(takes=True), (), 'EncoderDecoder learns .* the source'),
    ],
)
def test_frames_that_lack_are_named(segmentor, batch, needs, there, said):
    model = model_of(segmentor, **needs)
    with pytest.raises(ValueError, match=f'(?s){said}.*LoadPreviousFrame'):
        model.prepare(with_frames(batch, *there))
