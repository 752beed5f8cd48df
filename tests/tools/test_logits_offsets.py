"""``logits offsets``, on tiny models of random weights."""

import json

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.cli.main import main
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

CLASSES = ['sky', 'road', 'car']
FILES = ['offsets.json', 'offsets.png']
PREFIX = 'test_dataloader.dataset.data_prefix'


def save_weights(config, path, seed=1, classes=CLASSES):
    """Random weights of the model of a config."""
    init_default_scope('mmseg')
    torch.manual_seed(seed)
    model = MODELS.build(Config.fromfile(config).model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    meta = dict(dataset_meta=dict(classes=classes))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path


@pytest.fixture
def statistics(tmp_path):
    torch.manual_seed(0)
    found = LogitStatistics(3)
    for bank in (found.anchors, found.source, found.target):
        bank.means.normal_(0, 1)
        bank.num_updates.fill_(1)
        bank.step.fill_(1)
    path = tmp_path / 'statistics.pth'
    save_statistics(path, found, dict(classes=CLASSES))
    return path


@pytest.fixture
def plain(tiny_config, tmp_path):
    config = tiny_config()
    return config, save_weights(config, tmp_path / 'weights.pth')


def offsets(*words):
    main(['logits', 'offsets', *map(str, words)])


def refusal(*words):
    with pytest.raises(SystemExit) as exit_:
        offsets(*words)
    message = str(exit_.value)
    assert message.startswith('error: ') and len(message.splitlines()) == 1
    return message


def read(out):
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert cv2.imread(str(out / FILES[1])).shape[0] > 100
    return json.loads((out / FILES[0]).read_text())


def test_tables_figure_and_comparison(
    plain, statistics, tmp_path, run_tool, capsys
):
    config, weights = plain
    out, other = tmp_path / 'out', tmp_path / 'other.pth'
    save_weights(config, other, seed=2)
    offsets(
        *(config, weights, statistics, '--out', out),
        *('--compare', config, other),
    )
    text = capsys.readouterr().out
    assert 'Precision' in text and 'Both models predict' in text
    content = read(out)
    assert content['images'] == 5 and content['labels'] is True
    assert content['statistics'] == str(statistics)
    assert 'has no BLDALoss: its training subtracts no offset' in text
    assert content['tau'] is None and f'compared with {other}' in text
    # what the test tool says of both models
    for path, key, found in (
        (weights, 'iou', content['classes']),
        (other, 'other_iou', content['compared']['classes']),
    ):
        folder = tmp_path / key
        run_tool('test.py', config, path, '--work-dir', folder)
        scores = json.loads(next(folder.rglob('*.json')).read_text())
        for name in CLASSES:
            own = found[name][key]
            assert own == pytest.approx(scores[f'IoU.{name}'] / 100)

    # no label is read, and what needs none is the same
    bare = tmp_path / 'bare'
    missing = f'{PREFIX}.seg_map_path={tmp_path / "nothing"}'
    offsets(
        *(config, weights, statistics, '--out', bare, '--no-labels'),
        *('--compare', config, other, '--cfg-options', missing),
    )
    without = read(bare)
    assert without['labels'] is False and 'taken_for' not in without
    for name, own in without['classes'].items():
        assert 'precision' not in own
        assert own.items() <= content['classes'][name].items()
    agreement = content['compared']['agreement']
    assert without['compared']['agreement'] == pytest.approx(agreement)
    assert '--no-labels' in refusal(
        *(config, weights, statistics, '--out', tmp_path / 'no'),
        *('--cfg-options', missing),
    )


@pytest.mark.slow
def test_of_a_training_and_of_any_folder(
    uda_config, street_data, run_tool, tmp_path
):
    config = uda_config()
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    checkpoint = tmp_path / 'run' / 'iter_6.pth'
    out = tmp_path / 'out'
    offsets(config, checkpoint, '--out', out)
    content = read(out)
    assert content['statistics'] == str(checkpoint)
    road = content['classes']['road']
    assert 0 < road['support_source'] <= 1
    images = street_data / 'img' / 'val'
    offsets(
        config, checkpoint, '--target-images', images, '--out', out,
        '--overwrite', '--part', 'teacher',
    )  # fmt: skip
    assert read(out)['part'] == 'teacher'


def test_a_checkpoint_without_distributions(plain, tmp_path):
    message = refusal(*plain, '--out', tmp_path / 'out')
    assert 'has no logit statistics' in message
    assert 'logits fit' in message and str(plain[1]) in message
    assert not (tmp_path / 'out').exists()


def test_models_of_other_classes(plain, statistics, tmp_path):
    config, weights = plain
    other = save_weights(
        config, tmp_path / 'other.pth', classes=['sky', 'car', 'road']
    )
    text = Config.fromfile(config)
    for key in ('test_dataloader', 'val_dataloader'):
        text[key].dataset.metainfo.classes = ('sky', 'car', 'road')
    path = tmp_path / 'turned.py'
    text.dump(path)
    message = refusal(
        *(config, weights, statistics, '--out', tmp_path / 'out'),
        *('--compare', path, other),
    )
    assert 'compare models of the same classes' in message
    assert 'sky, car, road' in message
