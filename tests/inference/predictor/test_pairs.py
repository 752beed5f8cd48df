"""A network that fuses frames is given the frame before, of videos."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.panned_clip import clip_set, write_clip
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS

from mmseg_balance.inference import PredictionRun, Predictor, RunOptions
from mmseg_balance.inference.predictor.image_pipeline import VideoFrame

META = dict(
    classes=('a', 'b', 'c'), palette=[[9, 8, 7], [60, 50, 40], [5] * 3]
)
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadPreviousFrame'),
    dict(type='LoadOpticalFlow'),
    dict(type='ResizeFrames', scale=(72, 48)),
    dict(type='PackFrameInputs'),
]


@pytest.fixture
def clip(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_clip(Path('clip'))


@pytest.fixture
def fusing(clip):
    """Config and checkpoint; half a logit is that of the frame before."""
    cfg = Config(
        dict(
            model=dict(
                type='AccelEncoderDecoder',
                data_preprocessor=dict(
                    type='FrameDataPreProcessor',
                    in_tests=True,
                    mean=[90.0] * 3,
                    std=[60.0] * 3,
                    bgr_to_rgb=True,
                    pad_val=0,
                    seg_pad_val=255,
                    size=(48, 72),
                ),
                backbone=tiny_mit(),
                decode_head=tiny_segformer_head(dropout_ratio=0.0),
                train_cfg=dict(),
                test_cfg=dict(mode='whole'),
            ),
            test_dataloader=dict(
                dataset=dict(clip_set(clip), test_mode=True, pipeline=PIPELINE)
            ),
        )
    )
    torch.manual_seed(0)
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model)
    model.decode_head.head.conv_seg.weight.data.normal_(0, 10)
    weight = model.decode_head.fusion.weight.data
    weight.copy_(torch.cat([torch.eye(3)] * 2, 1)[..., None, None] / 2)
    state = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=META))
    torch.save(state, 'weights.pth')
    cfg.dump('config.py')
    return 'config.py', 'weights.pth'


@pytest.fixture
def expected(fusing):
    """By the data set, whose first image stands before itself."""
    cfg = Config.fromfile('config.py')
    config = cfg.test_dataloader.dataset.to_dict()
    config['pipeline'][1]['repeat_first'] = True
    dataset = DATASETS.build(config)
    model = MODELS.build(cfg.model).eval()
    model.load_state_dict(torch.load('weights.pth')['state_dict'])
    with torch.no_grad():
        return [
            model.test_step(pseudo_collate([dataset[i]]))[0]
            .pred_sem_seg.data[0]
            .numpy()
            for i in range(4)
        ]


def frames():
    return [cv2.imread(f'clip/img/pan_{10 + i:04d}.png') for i in range(4)]


def test_frames_of_a_video_are_predicted_with_those_before(fusing, expected):
    predictor = Predictor(*fusing, batch_size=2)
    assert predictor.takes_frames
    images = frames()
    pairs = [images[0], *map(VideoFrame, images[1:], images[:-1])]
    found = predictor.predict(pairs)
    for one, labels in zip(found, expected, strict=True):
        assert np.array_equal(one.labels, labels)
    alone = predictor.predict(images)
    assert np.array_equal(alone[0].labels, expected[0])
    assert any(
        (a.labels != b).any() for a, b in zip(alone, expected, strict=True)
    )


@pytest.mark.parametrize('resume', [False, True])
def test_a_folder_of_frames_and_a_resumed_run(fusing, expected, resume):
    options = dict(overlay_video=True, image_fps=5, progress=False)
    predictor = Predictor(*fusing)

    def run(**more):
        one = RunOptions(**options, **more)
        return PredictionRun(predictor, ['clip/img'], 'out', one).run()

    assert run().predicted == 4
    if resume:  # what is left is predicted from the frame before it, too
        Path('out/labels/pan_0012.png').unlink()
        assert run(resume=True).predicted == 1
    for i, labels in enumerate(expected):
        saved = cv2.imread(f'out/labels/pan_{10 + i:04d}.png', -1)
        assert np.array_equal(saved, labels)
    assert Path('out/overlays/img.mp4').is_file()


def test_labels_of_images_alone_are_not_gone_on_with_as_a_video(fusing):
    predictor = Predictor(*fusing)

    def run(inputs, **options):
        one = RunOptions(progress=False, **options)
        return PredictionRun(predictor, inputs, 'out', one).run()

    assert run(['clip/img/pan_0010.png']).predicted == 1
    assert run(['clip/img'], resume=True).kept == 1
    message = 'images_in_pairs was False and is True now'
    with pytest.raises(FileExistsError, match=message):
        run(['clip/img'], resume=True, overlay_video=True, image_fps=5)


def test_a_video_file_and_its_resumed_run(fusing):
    """Without loss of the codec, the frames are those of the file."""
    writer = cv2.VideoWriter(
        'ride.avi', cv2.VideoWriter_fourcc(*'FFV1'), 10, (96, 64)
    )
    for image in frames():
        writer.write(image)
    writer.release()
    predictor = Predictor(*fusing)
    whole = predictor.predict('ride.avi')
    images = [one.labels for one in whole]

    def run(**more):
        one = RunOptions(progress=False, **more)
        return PredictionRun(predictor, ['ride.avi'], 'out', one).run()

    assert run().predicted == 4
    Path('out/labels/ride/000002.png').unlink()
    summary = run(resume=True)
    assert (summary.predicted, summary.kept) == (1, 3)
    for i, labels in enumerate(images):
        saved = cv2.imread(f'out/labels/ride/{i:06d}.png', -1)
        assert np.array_equal(saved, labels)
    assert not np.array_equal(images[2], predictor(list(frames())[2]).labels)
