"""Labels of whole images: a table, and what stands beside it."""

import csv
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from PIL import Image

from mmseg_balance.datasets.loading.bad_files import UnreadableFileError
from mmseg_balance.inference import PredictionRun, Predictor, RunOptions
from mmseg_balance.inference.pseudo_labelling.run import check_labels_pixels
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores
from mmseg_balance.logits.statistics.file import (
    load_statistics,
    save_statistics,
)

CLASSES = ('blue', 'green', 'red')
PALETTE = [[0, 0, 200], [0, 200, 0], [220, 0, 0]]
# brightest channel of each photo, of several sizes
PHOTOS = {'a.png': 0, 'b.jpg': 2, 'in/a.png': 1, 'in/c.bmp': 2}
SIZES = {'a.png': (20, 30), 'b.jpg': (64, 48), 'in/a.png': (20, 30)}


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def photos():
    for name, channel in PHOTOS.items():
        image = np.full((*SIZES.get(name, (9, 7)), 3), 10, np.uint8)
        image[..., channel] = 12
        Path('photos', name).parent.mkdir(parents=True, exist_ok=True)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 100]
        if name.endswith('.jpg'):
            image[..., channel] = 40  # colours of JPEG are coarse
        cv2.imwrite(f'photos/{name}', image, quality)


@pytest.fixture
def predictor():
    """A classifier that takes an image for its brightest channel."""
    model = dict(
        type='ImageClassifier',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=dict(type='ImageAsFeatures'),
        decode_head=dict(
            type='ClassifierHead', in_channels=3, num_classes=3, bottleneck=3
        ),
    )
    data = dict(
        type='ClassFolderDataset',
        data_root='no/such/folder',
        data_prefix=dict(img_path='img'),
        metainfo=dict(classes=CLASSES),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadClassLabel'),
            dict(type='PackSegInputs'),
        ],
    )
    cfg = Config(
        dict(
            default_scope='mmseg',
            model=model,
            test_dataloader=dict(dataset=data),
        )
    )
    cfg.dump('config.py')
    init_default_scope('mmseg')
    built = MODELS.build(cfg.model)
    state = built.state_dict()
    for key, value in state.items():
        if key.endswith('weight') and value.ndim > 1:
            state[key] = torch.eye(3).view(value.shape)
        elif key.endswith('bias'):
            state[key] = torch.zeros_like(value)
    meta = dict(dataset_meta=dict(classes=CLASSES, palette=PALETTE))
    torch.save(dict(state_dict=state, meta=meta), 'weights.pth')
    return Predictor('config.py', 'weights.pth', batch_size=2)


def run(predictor, *inputs, out='out', **options):
    options = RunOptions(progress=False, **options)
    return PredictionRun(predictor, inputs, out, options).run()


def rows(out='out'):
    with open(f'{out}/predictions.csv') as file:
        return {row['image']: row for row in csv.DictReader(file)}


def test_a_row_for_each_image_of_a_folder(predictor, photos):
    assert run(predictor, 'photos', json=True).predicted == 4
    found = rows()
    assert list(found) == list(PHOTOS)
    for name, channel in PHOTOS.items():
        row = found[name]
        assert (row['label'], row['name']) == (str(channel), CLASSES[channel])
        # logits of the means of channels, but for batch norm's eps
        image = cv2.imread(f'photos/{name}').mean((0, 1))
        logits = torch.tensor(image / np.sqrt(1 + 1e-5))
        for c, p in zip(CLASSES, logits.softmax(0).tolist(), strict=True):
            assert float(row[f'p.{c}']) == pytest.approx(p, abs=1e-5)
        assert row['confidence'] == row[f'p.{CLASSES[channel]}']
    content = json.loads(Path('out/predictions.json').read_text())
    assert content['classes'] == list(CLASSES)
    for entry in content['images']:
        row = found[entry['image']]
        assert entry['name'] == row['name']
        assert entry['probabilities'] == {
            c: float(row[f'p.{c}']) for c in CLASSES
        }
    assert not Path('out/labels').exists()


def test_batches_are_of_what_the_model_is_given(predictor, photos):
    one = [predictor(f'photos/{name}').probabilities for name in PHOTOS]
    batched = predictor.predict([f'photos/{name}' for name in PHOTOS])
    for first, second in zip(one, batched, strict=True):
        assert np.allclose(first, second.probabilities, atol=1e-6)
        assert second.labels.shape == (1, 1)


@pytest.mark.parametrize('kind', ['copy', 'link'])
def test_images_sorted_into_folders_of_classes(predictor, photos, kind):
    run(predictor, 'photos', sorted=kind, overlay=True)
    for name, channel in PHOTOS.items():
        place = Path('out/sorted', CLASSES[channel], name)
        assert place.is_symlink() == (kind == 'link')
        assert place.read_bytes() == Path('photos', name).read_bytes()
    picture = np.asarray(Image.open('out/overlays/a.png'))
    # 20 x 30 pixels, ten times as large, below a strip of the class
    assert picture.shape == (200 + 20, 300, 3)
    assert picture[0, -1].tolist() == PALETTE[0]
    assert picture[-1, -1].tolist() == [10, 10, 12]


def test_resumed_runs_leave_what_is_there(predictor, photos, monkeypatch):
    run(predictor, 'photos/a.png', 'photos/b.jpg')
    table = Path('out/predictions.csv')
    whole = table.read_text()
    # killed while it wrote the row of b
    table.write_text(whole[:-12])
    asked = []
    loads = predictor._load
    monkeypatch.setattr(
        predictor, '_load', lambda path: asked.append(path) or loads(path)
    )
    summary = run(predictor, 'photos', resume=True)
    assert (summary.kept, summary.predicted) == (1, 3)
    assert [Path(p).name for p in asked] == ['b.jpg', 'a.png', 'c.bmp']
    resumed = table.read_text()
    run(predictor, 'photos', out='other')
    assert resumed == Path('other/predictions.csv').read_text()


def test_rows_are_called_as_files_with_two_suffixes(predictor):
    for name, channel in (('a.jpg', 0), ('a.jpg.jpg', 1), ('a.png', 2)):
        image = np.full((8, 8, 3), 10, np.uint8)
        image[..., channel] = 90
        Path('twice').mkdir(exist_ok=True)
        cv2.imwrite(f'twice/{name}', image)
    run(predictor, 'twice')
    labels = {name: row['label'] for name, row in rows().items()}
    assert labels == {'a.jpg': '0', 'a.jpg.jpg': '1', 'a.png': '2'}
    # alone it is called a.png
    Path('other').mkdir()
    cv2.imwrite('other/a.jpg', image)
    with pytest.raises(FileExistsError, match=r'row a\.jpg of .*same name'):
        run(predictor, 'other', resume=True)


def test_two_videos_of_one_name(predictor):
    for folder in ('one', 'two'):
        Path(folder).mkdir()
        size = (16, 16)
        code = cv2.VideoWriter.fourcc(*'MJPG')
        video = cv2.VideoWriter(f'{folder}/ride.avi', code, 5, size)
        video.write(np.zeros((*size, 3), np.uint8))
        video.release()
    run(predictor, 'one')
    assert list(rows()) == ['ride/000000.png']
    with pytest.raises(FileExistsError, match='row ride of .*same name'):
        run(predictor, 'two', resume=True)


def test_rows_are_there_before_the_run_ends(predictor, photos, monkeypatch):
    loads = predictor._load

    def load(path):
        if Path(path).name == 'c.bmp':
            raise KeyboardInterrupt
        return loads(path)

    monkeypatch.setattr(predictor, '_load', load)
    predictor.num_workers = 0
    monkeypatch.setattr(
        'mmseg_balance.inference.files.class_table.ClassTable.finish',
        lambda *args: None,
    )
    with pytest.raises(KeyboardInterrupt):
        run(predictor, 'photos')
    assert set(rows()) == {'a.png', 'b.jpg'}  # a batch of two


def test_a_file_that_is_no_image(predictor, photos):
    Path('photos/bad.jpg').write_text('no image')
    with pytest.raises(UnreadableFileError, match='photos/bad.jpg'):
        run(predictor, 'photos')
    summary = run(predictor, 'photos', on_bad_image='skip', resume=True)
    assert len(summary.bad) == 1 and 'bad.jpg' in summary.bad[0]
    assert set(rows()) == set(PHOTOS)


def test_post_hoc_balancing_is_equation_7(predictor, photos):
    statistics = LogitStatistics(3)
    generator = torch.Generator().manual_seed(3)
    for name in ('anchors', 'source', 'target'):
        bank = getattr(statistics, name)
        bank.means.normal_(11, 3, generator=generator)
        bank.variances.uniform_(0.3, 2, generator=generator)
        bank.weights.fill_(1 / bank.num_components)
        bank.num_updates.fill_(1)
    meta = dict(classes=list(CLASSES))
    save_statistics(Path('statistics.pth'), statistics, meta)
    balanced = Predictor(
        'config.py', 'weights.pth', post_hoc='statistics.pth', tau=2.0
    )
    statistics, _ = load_statistics('statistics.pth')
    for name in PHOTOS:
        image = cv2.imread(f'photos/{name}').mean((0, 1))
        logits = torch.tensor(image / np.sqrt(1 + 1e-5)).float()
        scores = post_hoc_scores(
            logits.view(1, 3, 1, 1),
            statistics.target,
            statistics.anchors,
            2.0,
        ).flatten()
        found = balanced(f'photos/{name}')
        assert found.labels.item() == int(scores.argmax())
        expected = scores.softmax(0).numpy()
        assert np.allclose(found.probabilities, expected, atol=0.02)


def test_folders_of_others_are_refused(predictor, photos):
    Path('out').mkdir()
    Path('out/predictions.csv').write_text('mine')
    with pytest.raises(FileExistsError, match='no earlier run wrote'):
        run(predictor, 'photos')
    assert Path('out/predictions.csv').read_text() == 'mine'
    run(predictor, 'photos/a.png', out='mine')
    with pytest.raises(FileExistsError, match='row a.png of mine/predictions'):
        run(predictor, 'photos/in/a.png', out='mine')
    Path('mine/predictions.csv').write_text('image,label\n')
    with pytest.raises(FileExistsError, match='not a table of predictions'):
        run(predictor, 'photos/a.png', out='mine')


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(confidence_bits=8), '--confidence saves one number a pixel'),
        (dict(ids='cityscapes'), '--ids is of label files'),
    ],
)
def test_options_of_segmentors_are_refused(predictor, photos, options, words):
    with pytest.raises(ValueError, match=words):
        run(predictor, 'photos', **options)


def test_options_of_classifiers_are_refused(trained, photos):
    segmentor = Predictor(*trained())
    with pytest.raises(ValueError, match='--sorted and --json: .*pixels'):
        run(segmentor, 'photos', sorted='copy', json=True)
    assert not os.path.exists('out')
    with pytest.raises(ValueError, match="one of .'copy', 'link'"):
        RunOptions(sorted='move')


def test_shares_are_of_images(predictor, photos):
    run(predictor, 'photos', shares=Path('shares.json'))
    overall = json.loads(Path('shares.json').read_text())['overall']
    assert overall['pixels'] == 4
    assert overall['shares'] == dict(blue=0.25, green=0.25, red=0.5)


def test_label_maps_of_a_classifier_are_refused(predictor):
    with pytest.raises(ValueError, match='predict --sorted copy puts images'):
        check_labels_pixels(predictor)
