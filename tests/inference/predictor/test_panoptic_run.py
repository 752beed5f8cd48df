"""Segments that a run of predictions writes, for others and for itself."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmseg.registry import DATASETS, MODELS

from mmseg_balance.inference import PredictionRun, Predictor, RunOptions
from mmseg_balance.models.panoptic import InstanceHead
from mmseg_balance.panoptic.ids import VOID_ID
from mmseg_balance.panoptic.numbers import numbered_segments

CLASSES = ('sky', 'road', 'car')


@MODELS.register_module(force=True)
class HalvesAsInstances(InstanceHead):
    """Cars of the left half are one, those of the right another; the sky of
    the last row is void."""

    def losses(self, *args):
        return {}

    def predict(self, features, semantic, metas, logits, decoder_features):
        return [(segments_of(labels), InstanceData()) for labels in semantic]


def segments_of(labels):
    ids = torch.as_tensor(labels).long() * 1000
    middle = ids.shape[1] // 2
    ids[:, :middle][ids[:, :middle] == 2000] = 2001
    ids[:, middle:][ids[:, middle:] == 2000] = 2002
    ids[-1][ids[-1] == 0] = VOID_ID
    return ids


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def predictor(trained):
    return Predictor(
        *trained(
            **{
                'model.type': 'PanopticEncoderDecoder',
                'model.instance_head': dict(type='HalvesAsInstances'),
                'model.things': [2],
            }
        )
    )


@pytest.fixture
def photos():
    rng = np.random.default_rng(0)
    for name in ('a.png', 'x/b.jpg'):
        path = Path('photos') / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 256, (3, 4, 3), np.uint8)
        cv2.imwrite(str(path), image.repeat(8, 0).repeat(8, 1))


def run(predictor, out='out', **options):
    options = RunOptions(progress=False, **options)
    return PredictionRun(predictor, ['photos'], out, options).run()


def test_written_segments_are_read_as_a_data_set(predictor, photos):
    assert predictor.things == ('car',)
    assert run(predictor, overlay=True).predicted == 2
    dataset = DATASETS.build(
        dict(
            type='PanopticDataset',
            ann_file='out/panoptic/panoptic.json',
            data_prefix=dict(img_path='photos', seg_map_path='out/panoptic'),
            img_suffix=('.png', '.jpg'),
            metainfo=dict(classes=CLASSES, thing_classes=('car',)),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadPanopticAnnotations'),
                dict(type='PackPanopticInputs'),
            ],
        )
    )
    assert len(dataset) == 2
    kinds = set()
    for i in range(2):
        sample = dataset[i]['data_samples']
        segments = predictor(sample.img_path).segments
        assert segments.dtype == np.int32
        found = numbered_segments(
            sample.gt_panoptic_seg.data[0].numpy(), sample.segments_info
        )
        assert np.array_equal(found, segments)
        for segment in sample.segments_info:
            mask = sample.gt_panoptic_seg.data[0] == segment['id']
            assert segment['area'] == mask.sum()
            rows, columns = torch.where(mask)
            x, y, width, height = segment['bbox']
            assert [x, y] == [columns.min(), rows.min()]
            assert [x + width - 1, y + height - 1] == [
                columns.max(),
                rows.max(),
            ]
        kinds |= set(np.unique(segments).tolist())
    assert {0, 1000, 2001, 2002, VOID_ID} == kinds
    for name in ('a.png', 'x/b.png'):
        overlay = cv2.imread(f'out/overlays/{name}')
        # outlines of cars
        assert overlay.shape == (24, 32, 3) and overlay.max() == 255


def test_the_list_has_kept_images_as_well(predictor, photos):
    run(predictor)
    listed = Path('out/panoptic/panoptic.json')
    whole = json.loads(listed.read_text())
    names = [image['file_name'] for image in whole['images']]
    assert names == ['a.png', 'x/b.jpg']
    Path('out/panoptic/x/b.png').unlink()
    summary = run(predictor, resume=True)
    assert (summary.predicted, summary.kept) == (1, 1)
    assert json.loads(listed.read_text()) == whole
    shutil.copy('photos/a.png', 'out/panoptic/a.png')
    with pytest.raises(ValueError, match='a.png has segments .* no class'):
        run(predictor, resume=True)


def test_a_list_of_a_user_is_left_alone(predictor, photos):
    Path('out/panoptic').mkdir(parents=True)
    Path('out/panoptic/panoptic.json').write_text('{}')
    with pytest.raises(FileExistsError, match='panoptic.json'):
        run(predictor)


def test_a_semantic_model_writes_none(trained, photos):
    predictor = Predictor(*trained())
    assert predictor.things is None
    run(predictor)
    assert not Path('out/panoptic').exists()
    assert predictor('photos/a.png').segments is None
