"""Predictor: arrays and files, batches, and what it is built of."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_balance.datasets.loading.bad_files import (
    BadFileError,
    UnreadableFileError,
)
from mmseg_balance.inference import Predictor
from mmseg_balance.inference.predictor import max_softmax

CLASSES = ('sky', 'road', 'car')
LOAD = dict(type='LoadImageFromFile')
ANNOTATIONS = dict(type='LoadAnnotations')
PACK = dict(type='PackSegInputs')
PALETTE = [[9, 8, 7], [60, 50, 40], [255, 0, 100]]


@pytest.fixture
def images(tmp_path):
    """Arrays of several sizes, and their files."""
    rng = np.random.default_rng(0)
    shapes = [(8, 12), (8, 12), (6, 6), (8, 12), (8, 12), (8, 12)]
    arrays = [rng.integers(0, 256, (*s, 3), np.uint8) for s in shapes]
    (tmp_path / 'images').mkdir()
    for i, array in enumerate(arrays):
        cv2.imwrite(str(tmp_path / f'images/{i}.png'), array)
    return arrays, tmp_path / 'images'


@pytest.mark.parametrize('num_workers', [0, 2])
def test_arrays_and_files_in_batches(trained, images, num_workers):
    arrays, folder = images
    predictor = Predictor(
        *trained(), batch_size=2, num_workers=num_workers, device='cpu'
    )
    sizes = []
    step = predictor.model.test_step

    def counted(data):
        sizes.append(len(data['inputs']))
        return step(data)

    predictor.model.test_step = counted
    assert predictor.classes == CLASSES
    assert predictor.palette == PALETTE
    found = predictor.predict([*arrays, folder])
    # the last array and the first file are of one size
    assert sizes == [2, 1, 2, 2, 1, 1, 2, 1]
    assert [p.path for p in found] == [None] * 6 + [
        str(folder / f'{i}.png') for i in range(6)
    ]
    for array, prediction in zip([*arrays, *arrays], found):
        assert prediction.labels.dtype == np.uint8
        assert np.array_equal(prediction.labels, array.argmax(2))
        scores = np.exp(array - array.max(2, keepdims=True).astype(float))
        expected = 1 / scores.sum(2)
        assert prediction.confidence.dtype == np.float32
        np.testing.assert_allclose(prediction.confidence, expected, rtol=1e-5)
        assert prediction.image is None


def test_channels_of_arrays(trained, images):
    (bgr, *_), folder = images
    paths = trained()
    expected = bgr.argmax(2)
    rgb = Predictor(*paths, channel_order='rgb', keep_images=True)
    found = rgb(bgr[..., ::-1])
    assert np.array_equal(found.labels, expected)
    assert np.array_equal(found.image, bgr)  # as overlays need it
    assert np.array_equal(rgb(folder / '0.png').labels, expected)
    alpha = np.dstack([bgr, np.full(bgr.shape[:2], 255, np.uint8)])
    own = Predictor(*paths)
    assert np.array_equal(own(alpha).labels, expected)
    grey = own(bgr[..., 0])
    assert (grey.labels == 0).all()
    np.testing.assert_allclose(grey.confidence, 1 / 3, rtol=1e-6)
    unit = bgr.astype(np.float32) / 255
    for wrong in (unit, bgr[..., :2], bgr[None], bgr[:0]):
        with pytest.raises(ValueError, match=r'Expected an image .* but got'):
            own(wrong)
    with pytest.raises(TypeError, match='file or as an array .* a Tensor'):
        own(torch.from_numpy(bgr))
    with pytest.raises(ValueError, match="'bgr' or 'rgb', but got 'BGR'"):
        Predictor(*paths, channel_order='BGR')


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'I;16', 'EXIF'])
def test_files_are_read_as_in_training(trained, tmp_path, mode):
    rng = np.random.default_rng(1)
    path = tmp_path / 'image.png'
    if mode == 'I;16':
        values = rng.integers(0, 2**16, (6, 9), np.uint16)
        expected = np.repeat(values[..., None] >> 8, 3, 2)
        Image.fromarray(values).save(path)
    elif mode == 'EXIF':
        values = rng.integers(0, 256, (6, 9, 3), np.uint8)
        image = Image.fromarray(values)
        exif = image.getexif()
        exif[0x0112] = 6  # turned clockwise to be looked at
        image.save(path, exif=exif)
        expected = np.rot90(values, -1)[..., ::-1]
    else:
        shape = (6, 9) if mode == 'L' else (6, 9, 4)
        values = rng.integers(0, 256, shape, np.uint8)
        Image.fromarray(values).save(path)
        expected = np.repeat(values[..., None], 3, 2)
        if mode == 'RGBA':
            expected = values[..., 2::-1]
    found = Predictor(*trained(), keep_images=True)(path)
    assert np.array_equal(found.image, expected)
    assert np.array_equal(found.labels, expected.argmax(2))


def test_resized_images_have_labels_of_their_own_size(trained):
    resize = dict(type='Resize', scale=(32, 16), keep_ratio=True)
    predictor = Predictor(*trained([LOAD, resize, ANNOTATIONS, PACK]))
    image = np.zeros((6, 9, 3), np.uint8)
    image[:3, :, 1], image[3:, :, 2] = 200, 200
    labels = predictor(image).labels
    assert (labels[:3] == 1).all() and (labels[3:] == 2).all()


def test_a_pipeline_at_the_top_level_and_classes_without_names(trained):
    changes = dict(test_dataloader=None, test_pipeline=[LOAD, PACK])
    paths = trained(meta=None, **changes)
    predictor = Predictor(*paths)
    assert predictor.classes == ('class 0', 'class 1', 'class 2')
    # the first colours of PASCAL VOC
    assert predictor.palette == [[128, 0, 0], [0, 128, 0], [128, 128, 0]]
    labels = predictor(np.uint8([[[1, 2, 3], [3, 2, 1]]])).labels
    assert labels.tolist() == [[2, 0]]


def test_binary_heads(trained):
    changes = {
        'model.decode_head.num_classes': 2,
        'model.decode_head.out_channels': 1,
        'model.decode_head.threshold': 0.7,
        'test_dataloader.dataset.metainfo.classes': ('no', 'yes'),
    }
    paths = trained(meta=dict(classes=('no', 'yes')), **changes)
    found = Predictor(*paths)(np.uint8([[[0, 9, 9], [1, 9, 9]]]))
    assert found.labels.tolist() == [[0, 1]]
    np.testing.assert_allclose(
        found.confidence, [[0.5, 1 / (1 + np.exp(-1))]], rtol=1e-6
    )


def test_confidence_of_large_logits():
    logits = torch.tensor([[[2e4, -3e4]], [[-2e4, -3e4]]])
    assert max_softmax(logits).tolist() == [[1.0, 0.5]]


def test_bad_files(trained, images, tmp_path):
    arrays, folder = images
    (folder / '1.png').write_bytes(b'no image')
    predictor = Predictor(*trained(), batch_size=4)
    with pytest.raises(UnreadableFileError, match='image .*1.png cannot be'):
        predictor.predict(folder)
    # there is no data set, and no training that would go on
    with pytest.raises(UnreadableFileError, match=r'1.png .*or leave it out'):
        predictor(folder / '1.png')
    with pytest.raises(UnreadableFileError, match=r'or leave it out \(.*\)$'):
        predictor(folder / 'none.png')
    said = []
    paths = sorted(folder.iterdir())
    found = list(predictor.stream(paths, on_bad=said.append))
    assert found[1] is None and len(found) == 6
    assert len(said) == 1 and '1.png' in str(said[0])
    assert np.array_equal(found[2].labels, arrays[2].argmax(2))


def test_images_that_the_pipeline_cannot_do_with(trained, tmp_path):
    resize = dict(type='Resize', scale=(8, 8), keep_ratio=True)
    predictor = Predictor(*trained([LOAD, resize, PACK]))
    path = tmp_path / 'long.png'
    cv2.imwrite(str(path), np.zeros((2000, 3, 3), np.uint8))
    with pytest.raises(BadFileError, match='long.png of 3 x 2000 pixels: Res'):
        predictor(path)
    said = []
    assert list(predictor.stream([path], said.append)) == [None]
    assert len(said) == 1

    def too_large(data):
        raise RuntimeError('out of memory')

    predictor.model.test_step = too_large
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(RuntimeError, match='out of memory') as error:
        predictor(path)
    assert error.value.__notes__ == [str(path)]


def test_nan_is_no_prediction(trained):
    config, checkpoint = trained()
    content = torch.load(checkpoint)
    content['state_dict']['decode_head.conv_seg.bias'][1] = torch.nan
    torch.save(content, checkpoint)
    with pytest.raises(ValueError, match='weights.pth gives NaN for an array'):
        Predictor(config, checkpoint)(np.zeros((4, 4, 3), np.uint8))


def test_models_that_cannot_be_built(trained, tmp_path):
    config, checkpoint = trained()
    with pytest.raises(
        ValueError, match='of a config, name its checkpoint to'
    ):
        Predictor(config)
    (tmp_path / 'folder').mkdir()
    with pytest.raises(FileNotFoundError, match='folder has no config.py'):
        Predictor(tmp_path / 'folder')
    with pytest.raises(ValueError, match='tau without post_hoc'):
        Predictor(config, checkpoint, tau=0.5)
    with pytest.raises(ValueError, match='batch_size to be at least 1'):
        Predictor(config, checkpoint, batch_size=0)
    few = trained(
        test_dataloader=None,
        test_pipeline=[LOAD, PACK],
        meta=dict(classes=['sky']),
    )
    with pytest.raises(ValueError, match=r'of 1 classes \(sky\), and the mo'):
        Predictor(*few)
    with pytest.raises(ValueError, match='neither test_dataloader.dataset'):
        Predictor(*trained(test_dataloader=None))
    augmented = dict(type='TestTimeAug', transforms=[[PACK]])
    with pytest.raises(ValueError, match='TestTimeAug, which gives several'):
        Predictor(*trained([LOAD, augmented]))
