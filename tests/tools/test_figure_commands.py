"""mmseg-balance figure ..., on tiny models of random weights."""

import csv
import json
from argparse import Namespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from PIL import Image

from mmseg_balance.cli.figure.list import FIGURES
from mmseg_balance.cli.figure.names import model_names
from mmseg_balance.cli.main import COMMANDS, main
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

CLASSES = ['sky', 'road', 'car']
META = 'test_dataloader.dataset.metainfo'


@pytest.fixture
def trained(tiny_config, tmp_path):
    """Write a config and random weights; a class is predicted too often."""

    def write(seed=0, over=1, classes=CLASSES, **changes):
        config = tiny_config(**changes)
        init_default_scope('mmseg')
        torch.manual_seed(seed)
        model = MODELS.build(Config.fromfile(config).model)
        model.decode_head.conv_seg.weight.data.normal_()
        model.decode_head.conv_seg.bias.data[over] += 0.3
        path = tmp_path / f'weights_{seed}.pth'
        meta = dict(dataset_meta=dict(classes=classes))
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
        return str(config), str(path)

    return write


@pytest.fixture
def figure(tmp_path):
    """Run a command; gives its folder."""

    def run(*words, out=None):
        out = out or tmp_path / 'out'
        main(['figure', *map(str, words), '--out', str(out)])
        return out

    return run


def refusal(figure, *words, **kwargs):
    with pytest.raises(SystemExit) as ended:
        figure(*words, **kwargs)
    message = str(ended.value)
    assert message.startswith('error: ') and len(message.splitlines()) == 1
    return message


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def is_picture(path, width=975):
    picture = np.asarray(Image.open(path).convert('L'))
    return picture.shape[1] == width and picture.std() > 10


def test_every_figure_of_the_list_is_a_command(capsys):
    main(['figure', '--list'])
    text = capsys.readouterr().out
    assert len(text.splitlines()) == len(FIGURES) + 1
    names = {name.split()[1] for name in COMMANDS if name[:7] == 'figure '}
    assert {command for _, _, command, _ in FIGURES} == names - {'list'}


def test_two_models(trained, figure, tmp_path, capsys):
    base, ours = trained(), trained(seed=1, over=2)
    pair = *ours, '--baseline', *base, '--names', 'DACS', 'BLDA'
    out = figure('logits', *pair)
    assert is_picture(out / 'logits.png')
    table = rows(out / 'logits.csv')
    assert {r['model'] for r in table} == {'DACS', 'BLDA'}
    mixtures = rows(out / 'logits_mixtures.csv')
    assert {r['distribution'] for r in mixtures} == {
        *('positive', 'negative', 'positive anchor', 'negative anchor')
    }

    figure('confusion', *pair)
    assert is_picture(out / 'confusion.png')
    table = rows(out / 'confusion.csv')
    pixels = {k: sum(int(r[f'{k} (pixels)']) for r in table)
              for k in ('DACS', 'BLDA')}  # fmt: skip
    assert pixels['DACS'] == pixels['BLDA'] == 5 * 38 * 48  # 2 rows ignored

    figure('qualitative', *pair, '--count', 2, '--images', 4, '0.png')
    assert is_picture(out / 'qualitative.png', 2025)
    table = rows(out / 'qualitative.csv')
    assert [r['drawn'] for r in table] == ['yes', 'no', 'no', 'no', 'yes']
    # what one gains in right pixels is the diagonal of the other command
    right = [
        sum(int(r[f'{k} (pixels)']) for r in rows(out / 'confusion.csv')
            if r['true class'] == r['predicted class'])
        for k in ('DACS', 'BLDA')
    ]  # fmt: skip
    gained = sum(
        int(r['improved (pixels)']) - int(r['worsened (pixels)'])
        for r in table
    )
    assert gained == right[1] - right[0]
    assert 'DACS alone on' in capsys.readouterr().out
    message = refusal(figure, 'confusion', *pair)
    assert 'confusion.png' in message and '--overwrite' in message
    message = refusal(
        figure, 'qualitative', *pair, '--images', 9, out=tmp_path / 'other'
    )
    assert "'9' is the name of 0 images" in message


def test_bias_is_that_of_the_other_command(trained, figure, tmp_path, capsys):
    model = trained()
    out = figure('bias', *model)
    assert is_picture(out / 'bias.png')
    printed = capsys.readouterr().out
    assert 'rank correlation (Spearman) of the bias with the bias' in printed
    main(['logits', 'bias', *model, '--out', str(tmp_path / 'bias')])
    expected = json.loads((tmp_path / 'bias/bias.json').read_text())
    for row in rows(out / 'bias.csv'):
        values = expected['classes'][row['class']]
        for key, heading in (('bias', 'Eq. 4'), ('mixture_bias', 'Eq. 5')):
            found = float(row[f'bias, {heading} (percentage points)'])
            assert found == pytest.approx(values[key], rel=1e-5)
    ranks = {r['quantity']: r for r in rows(out / 'bias_ranks.csv')}
    assert float(
        ranks['bias, Eq. 5']['rank correlation with bias, Eq. 4']
    ) == pytest.approx(expected['rank_correlation'])


def test_tau_by_a_pass_and_by_a_file(trained, figure, tmp_path):
    model = trained()
    fitted = LogitStatistics(3)
    for bank in (fitted.source, fitted.target, fitted.anchors):
        bank.num_updates.fill_(1)
    fitted.target.means[:, 0] -= 1.0
    statistics = tmp_path / 'statistics.pth'
    save_statistics(statistics, fitted, dict(classes=CLASSES))
    taus = '--taus', '0', '1'
    out = figure('tau', *model, '--statistics', statistics, *taus)
    assert is_picture(out / 'tau.png')
    line = *model, str(statistics), *taus, '--out', str(tmp_path / 'sweep')
    main(['logits', 'sweep-tau', *line])
    file = tmp_path / 'sweep/tau_sweep.json'
    other = figure('tau', *model, '--sweep', file, out=tmp_path / 'other')
    for name in ('tau.csv', 'tau.png'):
        assert (out / name).read_bytes() == (other / name).read_bytes()

    here = tmp_path / 'third'
    wrong = model[0], 'another.pth', '--sweep', file
    message = refusal(figure, 'tau', *wrong, out=here)
    assert f'is of {model[1]}, not of another.pth' in message
    file.write_text('{"scores": 3}')
    message = refusal(figure, 'tau', *model, '--sweep', file, out=here)
    assert 'is no tau_sweep.json' in message

    out = figure('mixtures', statistics, '--range', -4, 4)
    assert is_picture(out / 'mixtures.png', 2025)
    assert {r['pixels_of'] for r in rows(out / 'mixtures.csv')} == {
        *CLASSES, 'positive anchor', 'negative anchor',
    }  # fmt: skip
    message = refusal(
        figure, 'mixtures', statistics, '--range', 4, -4, out=here
    )
    assert 'Expected --range LOW HIGH' in message


def test_two_checkpoints_of_one_config(trained, figure):
    config, first = trained()
    second = trained(seed=1)[1]
    pair = config, second, '--baseline', config, first
    out = figure('confusion', *pair)
    heads = rows(out / 'confusion.csv')[0]
    assert 'weights_0 (pixels)' in heads and 'weights_1 (pixels)' in heads
    message = refusal(figure, 'confusion', *pair, '--names', 'a', 'a')
    assert 'two names are the same (a, a)' in message
    pair = config, first, '--baseline', config, first
    message = refusal(figure, 'qualitative', *pair)
    assert f'the baseline and the model are both {first}' in message


@pytest.mark.parametrize(
    'models, expected',
    [
        (('dacs_b5_gta.py a.pth', 'dacs_gbw_b5_gta.py a.pth'),
         ['dacs', 'dacs_gbw']),
        (('a.py x/iter_9.pth', 'a.py x/iter_99.pth'), ['iter_9', 'iter_99']),
        (('a.py dacs_b5_seed0/last.pth', 'a.py dacs_b5_seed1/last.pth'),
         ['seed0', 'seed1']),
    ],
)  # fmt: skip
def test_names_of_models(models, expected):
    baseline, (config, checkpoint) = (words.split() for words in models)
    args = Namespace(config=config, checkpoint=checkpoint, baseline=baseline)
    assert model_names(args) == expected


def test_classes_without_a_pixel_are_named(trained, figure, capsys):
    names = ['sky', 'road', 'car', 'train']
    meta = dict(classes=names, palette=[[i] * 3 for i in range(4)])
    model = trained(
        classes=names, **{META: meta, 'model.decode_head.num_classes': 4}
    )
    out = figure('bias', *model, '--classes', 'car', 'train')
    drawn = {r['class']: r['drawn'] for r in rows(out / 'bias.csv')}
    assert drawn == dict(sky='no', road='no', car='yes', train='no')
    note = 'note: train: no pixel of the test set has this label, not drawn'
    assert note in capsys.readouterr().err


@pytest.mark.parametrize(
    'words',
    [
        ('pseudo-labels', 'none/here'),
        ('class-weights', 'none/here'),
        ('tau', 'a.py', 'a.pth', '--sweep', 'none/here'),
    ],
)
def test_what_is_not_there_is_named(figure, words):
    message = refusal(figure, *words)
    assert 'none/here' in message and ' no f' in message


def test_models_that_do_not_fit(trained, figure, tiny_config):
    model = trained()
    message = refusal(figure, 'mixtures', model[1])
    assert f'mmseg-balance logits fit CONFIG {model[1]}' in message
    message = refusal(figure, 'confusion', *model, '--classes', 'cars')
    assert "'cars' is no class of the model: did you mean 'car'?" in message
    message = refusal(figure, 'confusion', *model, '--names', 'a', 'b')
    assert '--names has 2 names, expected 1' in message
    message = refusal(figure, 'logits', *model, '--statistics', 'a', 'b')
    assert '--statistics has 2 files, expected 1' in message
    names = dict(classes=('sky', 'road', 'bus'), palette=[[0] * 3] * 3)
    other = trained(1, classes=list(names['classes']), **{META: names})
    message = refusal(figure, 'confusion', *model, '--baseline', *other)
    assert 'not tested on the same classes' in message
    prefix = 'test_dataloader.dataset.data_prefix'
    train = dict(img_path='img/train', seg_map_path='ann/train')
    other = trained(2, **{prefix: train})
    message = refusal(figure, 'confusion', *model, '--baseline', *other)
    assert 'not tested on the same images' in message
    with pytest.raises(SystemExit) as ended:
        figure('confusion', *model, '--width', 'wide')
    assert ended.value.code == 2


@pytest.fixture
def work_dir(tmp_path):
    """A training of which nothing but its scalars is left."""

    def write(name, iou):
        folder = tmp_path / name
        (folder / '1/vis_data').mkdir(parents=True)
        lines = [dict(loss=1.0, iter=50, step=50)]
        if iou:
            shares = (('sky', 0.5), ('road', 0.4), ('car', 0.1))
            lines += [
                {f'pseudo.share/{c}': s for c, s in shares}
                | {f'label.share/{c}': iou * s / 100 for c, s in shares}
                | dict(step=i)
                for i in (50, 100)
            ]
            scores = {f'IoU.{c}': iou for c in CLASSES}
            lines.append(dict(mIoU=iou, step=100) | scores)
        text = ''.join(f'{json.dumps(line)}\n' for line in lines)
        (folder / '1/vis_data/scalars.json').write_text(text)
        return folder

    return write


def test_scalars_of_trainings(work_dir, figure, capsys):
    folders = work_dir('dacs', 40.0), work_dir('gbw', 50.0)
    out = figure('pseudo-labels', *folders, '--names', 'DACS', 'GBW')
    assert is_picture(out / 'pseudo_labels.png')
    table = rows(out / 'pseudo_labels.csv')
    key = 'share of pseudo-labels (%)'
    assert [(r['training'], r['class'], r[key]) for r in table[4:8]] == [
        ('DACS', 'car', '10'), ('DACS', 'car', '10'),
        ('GBW', 'sky', '50'), ('GBW', 'sky', '50'),
    ]  # fmt: skip
    marks = rows(out / 'pseudo_labels_source.csv')
    assert [r['share of source labels (%)'] for r in marks] == [
        *('20', '16', '4', '25', '20', '5')
    ]
    message = refusal(
        figure, 'pseudo-labels', folders[0], folders[0], '--overwrite'
    )
    assert 'two names are the same (dacs, dacs)' in message
    figure('per-class', *folders)
    assert is_picture(out / 'per_class_iou.png')
    table = rows(out / 'per_class_iou.csv')
    found = [(r['method'].split()[0], r['mean IoU (%)']) for r in table[:2]]
    assert found == [('dacs', '40'), ('gbw', '50')]
    assert 'of the last validation' in capsys.readouterr().err

    empty = work_dir('empty', None)
    message = refusal(figure, 'pseudo-labels', empty, '--overwrite')
    assert "dict(type='ClassScalarsHook') in custom_hooks" in message
    message = refusal(
        figure, 'per-class', *folders, '--metric', 'Acc', out=out / 'acc'
    )
    assert 'no Acc of these classes' in message
    assert 'BalancedIoUMetric' in message
