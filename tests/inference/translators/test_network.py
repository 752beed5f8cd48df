"""A trained generator on whole images."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.inference.translators.named import build_translator
from mmseg_balance.inference.translators.network import (
    NetworkTranslator,
    network_translator,
)

MODEL = dict(
    type='CycleGAN',
    generator=dict(type='ResnetGenerator', num_blocks=1, base_channels=2),
    discriminator=dict(
        type='PatchDiscriminator', base_channels=2, num_layers=1
    ),
    pool_size=0,
)
RESIZE = dict(type='Resize', scale_factor=0.5)


@pytest.fixture
def files(tmp_path):
    """Write the config of a translator and a checkpoint of it."""
    init_default_scope('mmseg')

    def write(pipeline=(), content=None, **changes):
        config, path = tmp_path / 'config.py', tmp_path / 'weights.pth'
        model = MODELS.build(MODEL)
        data = dict(type='UDADataset', source=dict(pipeline=list(pipeline)))
        cfg = dict(
            default_scope='mmseg',
            model={**MODEL, **changes},
            train_dataloader=dict(dataset=data),
        )
        Config(cfg).dump(config)
        torch.save(content or dict(state_dict=model.state_dict()), path)
        return str(config), str(path), model

    return write


def image(height=13, width=18):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def by_hand(generator, pixels):
    """BGR to RGB, -1 to 1, the generator, and back, in NumPy."""
    rgb = pixels[..., ::-1].transpose(2, 0, 1) / 127.5 - 1
    inputs = torch.from_numpy(rgb.copy()).float()[None]
    with torch.no_grad():
        outputs = generator(inputs)[0].numpy()
    outputs = (outputs.transpose(1, 2, 0)[..., ::-1] + 1) * 127.5
    return np.clip(np.round(outputs), 0, 255).astype(np.uint8)


def test_an_image_stays_bgr_from_0_to_255(files):
    config, path, model = files()
    for direction, name in (('to_target', 'netG_A'), ('to_source', 'netG_B')):
        translator = network_translator(config, path, direction, device='cpu')
        generator = getattr(model, name).eval()
        wanted = by_hand(generator, image())
        found = translator(image(), None)
        assert found.dtype == np.uint8 and found.shape == wanted.shape
        assert abs(found.astype(int) - wanted).max() <= 1
    assert translator.runs_in_processes and not translator.needs_target_image


def test_a_network_that_changes_nothing_changes_nothing(files):
    _, _, model = files()
    translator = NetworkTranslator(nn.Identity(), model.data_preprocessor)
    assert np.array_equal(translator(image()), image())


def test_images_have_the_size_of_the_training(files):
    pipeline = [dict(type='LoadImageFromFile'), RESIZE]
    pipeline += [dict(type='RandomCrop', crop_size=(8, 8))]
    config, path, model = files(pipeline)
    translator = network_translator(config, path, device='cpu')
    seen = []
    translator.generator.register_forward_pre_hook(
        lambda module, inputs: seen.append(tuple(inputs[0].shape[-2:]))
    )
    found = translator(image(26, 36))
    assert found.shape == (26, 36, 3) and seen == [(13, 18)]
    assert 'scale_factor=(0.5, 0.5)' in translator.settings()['resize']
    own = network_translator(config, path, own_size=True, device='cpu')
    wanted = by_hand(model.netG_A, image(26, 36))
    assert abs(own(image(26, 36)).astype(int) - wanted).max() <= 1
    assert own.settings()['resize'] is None
    # behind a crop it would be of another part of the image
    config, path, _ = files([pipeline[0], pipeline[2], RESIZE])
    assert network_translator(config, path).resize is None


def test_public_weights_of_one_generator(files):
    generator = MODELS.build(MODEL['generator'])
    config, path, _ = files(content=generator.state_dict())
    translator = build_translator([config, path], device='cpu')
    wanted = by_hand(generator, image())
    assert abs(translator(image()).astype(int) - wanted).max() <= 1
    assert len(translator.settings()['sha256']) == 64


def test_what_is_no_translator_is_told(files, tmp_path):
    config, path, _ = files(content={'backbone.x': torch.zeros(1)})
    with pytest.raises(ValueError, match=r"weights.pth: it has keys.*'backb"):
        network_translator(config, path)
    with pytest.raises(FileNotFoundError, match='no file.*gone.pth'):
        network_translator(config, str(tmp_path / 'gone.pth'))
    two = dict(type='ResnetGenerator', num_blocks=2, base_channels=2)
    config, path, _ = files(generator=two)
    with pytest.raises(ValueError, match=r'weights.pth.*num_blocks=1'):
        network_translator(config, path)
    config, path, _ = files(generator=None)
    with pytest.raises(ValueError, match='no model.generator.*cyclegan'):
        network_translator(config, path)
    config, path, _ = files(type='EncoderDecoder')
    with pytest.raises(ValueError, match='EncoderDecoder, which is no tran'):
        network_translator(config, path)
    for words in (['lab'], ['fourier']):
        with pytest.raises(ValueError, match='--own-size is a setting of'):
            build_translator(words, own_size=True)
    with pytest.raises(ValueError, match='--beta is a setting of'):
        build_translator([config, path], beta=[0.1])
