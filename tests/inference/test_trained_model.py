"""Predictors: what is built and loaded, and the images' logits."""

import os
import signal

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.inference import PredictionRun, Predictor, RunOptions
from mmseg_balance.inference.passes.labelled_logits import predict_logits
from mmseg_balance.inference.trained_model import build_predictor

CLASSES = ('sky', 'road', 'car')


def segmentor(**changes):
    """A segmentor of stock parts; its stride pads images of 20 x 26."""
    cfg = Config(
        dict(
            type='EncoderDecoder',
            data_preprocessor=dict(
                type='SegDataPreProcessor',
                mean=[90.0] * 3,
                std=[60.0] * 3,
                size=(32, 32),
                test_cfg=dict(size_divisor=16),
            ),
            backbone=dict(
                type='MixVisionTransformer',
                embed_dims=8,
                num_stages=1,
                num_layers=[1],
                num_heads=[1],
                patch_sizes=[3],
                strides=[2],
                sr_ratios=[4],
                out_indices=(0,),
            ),
            decode_head=dict(
                type='FCNHead',
                in_channels=8,
                channels=8,
                num_convs=1,
                num_classes=3,
                dropout_ratio=0.5,
                loss_decode=dict(type='CrossEntropyLoss'),
            ),
            test_cfg=dict(mode='slide', crop_size=(16, 16), stride=(8, 8)),
        )
    )
    cfg.merge_from_dict(changes)
    return cfg.to_dict()


@pytest.fixture
def trained(tmp_path):
    """Config file, checkpoint, and the state dict in it."""

    def make(model=None, meta=None, **changes):
        cfg = Config(
            dict(
                default_scope='mmseg',
                model=model or segmentor(),
                test_dataloader=dict(
                    dataset=dict(
                        type='BaseSegDataset',
                        data_root='no/such/folder',
                        data_prefix=dict(img_path='img'),
                        metainfo=dict(classes=CLASSES),
                    )
                ),
            )
        )
        cfg.merge_from_dict(changes)
        cfg.dump(tmp_path / 'config.py')
        from mmengine.registry import init_default_scope

        init_default_scope('mmseg')
        state = MODELS.build(cfg.model).state_dict()
        for value in state.values():
            if value.is_floating_point():
                value.uniform_(0.2, 1.0)
        meta = meta or dict(dataset_meta=dict(classes=CLASSES))
        file = tmp_path / 'iter_6.pth'
        torch.save(dict(state_dict=state, meta=meta), file)
        return str(tmp_path / 'config.py'), str(file), state

    return make


def uda(**kwargs):
    return dict(type='DACS', segmentor=segmentor(), alpha=0.9, **kwargs)


def equal(part, state, prefix=''):
    own = part.state_dict()
    return all(torch.equal(own[k], state[prefix + k]) for k in own)


def test_plain_segmentor(trained):
    config, checkpoint, state = trained()
    cfg, model = build_predictor(config, checkpoint, device='cpu')
    assert equal(model, state) and not model.training
    assert tuple(model.dataset_meta['classes']) == CLASSES
    assert cfg.model.type == 'EncoderDecoder'
    with pytest.raises(ValueError, match='--part teacher needs a model with'):
        build_predictor(config, checkpoint, part='teacher')


@pytest.mark.parametrize('part', ['student', 'teacher', None])
def test_parts_of_a_uda_model(trained, part):
    config, checkpoint, state = trained(uda(predict_with='teacher'))
    cfg, model = build_predictor(config, checkpoint, part=part, device='cpu')
    chosen = part or 'teacher'
    assert model.predict_with == cfg.model.predict_with == chosen
    assert equal(model.predictor, state, f'{chosen}.')
    images = torch.rand(1, 3, 16, 16)
    logits = model(images, mode='tensor')
    assert torch.equal(logits, getattr(model, chosen)(images, mode='tensor'))


def test_results_of_the_other_part_are_left_alone(trained, tmp_path):
    """The part is named, which the hash of the network has in it too."""
    steps = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    config, checkpoint, _ = trained(
        uda(), **{'test_dataloader.dataset.pipeline': steps}
    )
    image, out = tmp_path / 'a.png', tmp_path / 'out'
    cv2.imwrite(str(image), np.zeros((16, 16, 3), np.uint8))
    quiet = RunOptions(progress=False)
    student = Predictor(config, checkpoint, part='student')
    PredictionRun(student, [image], out, quiet).run()
    teacher = Predictor(config, checkpoint, part='teacher')
    with pytest.raises(FileExistsError, match="part was 'student' and is 'te"):
        PredictionRun(teacher, [image], out, quiet)


def test_options_and_a_config_that_is_read_already(trained):
    from mmseg_balance.configuration.reading import load_config

    config, checkpoint, _ = trained()
    options = {'model.test_cfg.mode': 'whole'}
    _, model = build_predictor(config, checkpoint, options, device='cpu')
    assert model.test_cfg.mode == 'whole'
    read = load_config(config)
    cfg, model = build_predictor(read, checkpoint, options, device='cpu')
    assert cfg is read and model.test_cfg.mode == 'whole'


def test_state_of_a_loss_may_differ(trained):
    """BLDALoss of another K: its banks are not what predicts."""
    loss = dict(type='BLDALoss', num_classes=3, num_components=4)
    model = segmentor()
    model['decode_head']['loss_decode'] = loss
    config, checkpoint, state = trained(model)
    options = {'model.decode_head.loss_decode.num_components': 5}
    _, model = build_predictor(config, checkpoint, options, device='cpu')
    assert torch.equal(
        model.decode_head.conv_seg.weight, state['decode_head.conv_seg.weight']
    )
    plain = {'model.decode_head.loss_decode': dict(type='CrossEntropyLoss')}
    plain['model.decode_head.loss_decode']['_delete_'] = True
    build_predictor(config, checkpoint, plain, device='cpu')


def test_refusals(trained, tmp_path):
    config, checkpoint, _ = trained()
    with pytest.raises(FileNotFoundError, match='no config file.*no.py'):
        build_predictor(str(tmp_path / 'no.py'), checkpoint)
    with pytest.raises(FileNotFoundError, match='no checkpoint file no.pth'):
        build_predictor(config, 'no.pth')
    with pytest.raises(ValueError, match='does not fit the config: .*decode'):
        build_predictor(config, checkpoint, {'model.decode_head.channels': 16})
    four = {'test_dataloader.dataset.metainfo.classes': ('a', 'b', 'c', 'd')}
    with pytest.raises(ValueError, match='num_classes is 3, but .*4 classes'):
        build_predictor(config, checkpoint, four)
    swapped = {'test_dataloader.dataset.metainfo.classes': CLASSES[::-1]}
    with pytest.raises(ValueError, match="class 0 is 'sky' in training"):
        build_predictor(config, checkpoint, swapped)
    (tmp_path / 'empty.py').write_text('a = 1')
    with pytest.raises(ValueError, match='empty.py has no model'):
        build_predictor(str(tmp_path / 'empty.py'), checkpoint)


class Samples(list):
    """Packed samples as a data set."""

    ignore_index = 255


def samples(count=3, size=(20, 26), original=None, flip=False, labels=True):
    generator = torch.Generator().manual_seed(0)
    original = original or size
    result = Samples()
    for number in range(count):
        image = torch.randint(256, (3, *size), generator=generator)
        sample = SegDataSample(
            metainfo=dict(
                img_path=f'{number}.png',
                seg_map_path=f'{number}_label.png',
                ori_shape=original,
                img_shape=size,
                flip=flip,
                flip_direction='horizontal' if flip else None,
            )
        )
        if labels:
            data = torch.randint(3, (1, *original), generator=generator)
            data[:, 0] = 255
            sample.gt_sem_seg = PixelData(data=data)
        result.append(dict(inputs=image.byte(), data_samples=sample))
    return result


@pytest.mark.parametrize('num_workers', [0, 1])
def test_logits_are_those_of_test_step(trained, num_workers):
    """Sliding windows, padding, flip and another original size."""
    _, model = build_predictor(*trained()[:2], device='cpu')
    data = samples(original=(40, 52), flip=True)
    found = list(predict_logits(model, data, num_workers=num_workers))
    assert [f.index for f in found] == [0, 1, 2]
    for image, sample in zip(found, samples(original=(40, 52), flip=True)):
        batch = {k: [v] for k, v in sample.items()}
        with torch.no_grad():
            (expected,) = model.test_step(batch)
        assert image.logits.shape == (3, 40, 52)
        assert image.logits.dtype == torch.float32
        assert not image.logits.requires_grad
        assert torch.equal(image.logits, expected.seg_logits.data)
        truth = sample['data_samples'].gt_sem_seg.data[0]
        assert image.labels.dtype == torch.int64
        assert torch.equal(image.labels, truth)


def test_start_and_no_labels(trained):
    _, model = build_predictor(*trained()[:2], device='cpu')
    whole = list(predict_logits(model, samples(labels=False), num_workers=0))
    last = list(predict_logits(model, samples(labels=False), 2, 0))
    assert [f.index for f in last] == [2] and last[0].labels is None
    assert torch.equal(last[0].logits, whole[2].logits)
    assert not list(predict_logits(model, samples(), 3, 0))


def test_ignore_index_of_the_data_set_becomes_255(trained):
    _, model = build_predictor(*trained()[:2], device='cpu')
    data = samples(1)
    data.ignore_index = 2
    truth = data[0]['data_samples'].gt_sem_seg.data[0].clone()
    (image,) = predict_logits(model, data, num_workers=0)
    assert torch.equal(image.labels, torch.where(truth == 2, 255, truth))
    assert (image.labels == 255).sum() > 26


def test_the_global_generators_are_left_alone(trained):
    _, model = build_predictor(*trained()[:2], device='cpu')
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    list(predict_logits(model, samples(2), num_workers=1))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()


def test_labels_that_were_resized_with_the_image(trained):
    _, model = build_predictor(*trained()[:2], device='cpu')
    data = samples(1)
    data[0]['data_samples'].set_metainfo(dict(ori_shape=(40, 52)))
    with pytest.raises(ValueError, match='0_label.png.*behind Resize'):
        list(predict_logits(model, data, num_workers=0))


def test_pipeline_that_gives_up(trained):
    _, model = build_predictor(*trained()[:2], device='cpu')
    data = samples(2)
    data[1] = None
    images = predict_logits(model, data, num_workers=0)
    assert next(images).index == 0
    with pytest.raises(RuntimeError, match='None for image 1 of the Samples'):
        next(images)


class Terminated(Samples):
    """A data set whose second image sees a signal to its worker."""

    signal = signal.SIGINT

    def __getitem__(self, index):
        if index == 1:
            os.kill(os.getpid(), self.signal)
        return super().__getitem__(index)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_workers_leave_signals_to_the_main_process(number):
    class Model(nn.Module):
        def test_step(self, batch):
            sample = batch['data_samples'][0]
            sample.seg_logits = PixelData(data=torch.zeros(3, 20, 26))
            return [sample]

    data = Terminated(samples())
    data.signal = number
    assert len(list(predict_logits(Model(), data, num_workers=1))) == 3
