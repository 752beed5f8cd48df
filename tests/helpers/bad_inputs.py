"""Inputs that are wrong, and what the tools say to each: one case a function.

A case gets the kit of ``test_bad_input.py``, spoils something, and returns
the command line of a tool that has to refuse it; or the text of what it gets,
where the behaviour is defined. ``expected`` are patterns of that line.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

CASES = []


@dataclass(frozen=True)
class Case:
    """One wrong input.

    Attributes:
        group: What it belongs to.
        what: What is wrong, for the table.
        expected: Patterns of the line.
        make: Spoils something and returns the command.
    """

    group: str
    what: str
    expected: tuple[str, ...]
    make: Callable


def case(group: str, what: str, *expected: str):
    """Register a case."""

    def register(make):
        CASES.append(Case(group, what, expected, make))
        return make

    return register


def option(group: str, what: str, setting: str, *expected: str) -> None:
    """A training with one ``--cfg-options``."""
    case(group, what, *expected)(
        lambda kit: kit.train('--cfg-options', setting)
    )


# ---------------------------------------------------------------- configs
option(
    'config',
    'a misspelt key of the model',
    'model.backbone.embed_dim=8',
    'model.backbone.embed_dim: .*did you mean embed_dims',
)
option(
    'config',
    'a misspelt type',
    'model.decode_head.type=SegformerHed',
    "model.decode_head.type: 'SegformerHed' .*did you mean 'SegformerHead'",
)
option(
    'config',
    'a misspelt loss',
    'model.decode_head.loss_decode.type=BLDALos',
    "loss_decode.type: .*did you mean 'BLDALoss'",
)
option(
    'config',
    'a misspelt key of the loop',
    'train_cfg.max_iter=6',
    'train_cfg.max_iter: .*did you mean max_iters',
)
option(
    'config',
    'a misspelt scheduler',
    'param_scheduler.0.type=PolyRL',
    "param_scheduler.*did you mean 'PolyLR'",
)
option(
    'config',
    'a misspelt metric',
    'val_evaluator.type=BalancedIouMetric',
    "val_evaluator.type: .*'BalancedIoUMetric'",
)
option(
    'config',
    'iterations as a word',
    'train_cfg.max_iters=ten',
    "train_cfg.max_iters is 'ten', expected a whole number",
)
option(
    'config',
    'a learning rate as a word',
    'optim_wrapper.optimizer.lr=low',
    "optimizer.lr is 'low', expected a number",
)
option(
    'config',
    'a batch size as a word',
    'train_dataloader.batch_size=two',
    "train_dataloader.batch_size is 'two'",
)
option(
    'config',
    'a batch of none',
    'train_dataloader.batch_size=0',
    'train_dataloader.batch_size is 0',
)
option('config', 'one class', 'model.decode_head.num_classes=1', 'num_classes')
option(
    'config',
    'another number of classes',
    'model.decode_head.num_classes=5',
    'num_classes is 5, .* has 3 classes .*set num_classes',
)
option(
    'config',
    'a schedule that ends early',
    'param_scheduler.0.end=1',
    'param_scheduler.0. .PolyLR. ends at 1, train_cfg.max_iters is 2',
)
option(
    'config',
    'another ignored value in the head',
    'model.decode_head.ignore_index=0',
    '0 in model.decode_head.ignore_index; 255 in .*one value',
)


@case('config', 'a missing file', 'no config file nowhere.py')
def _(kit):
    return 'train.py', kit.root / 'nowhere.py'


@case('config', 'a folder for the file', 'is a folder: give a config file')
def _(kit):
    return 'train.py', kit.root


@case(
    'config',
    'a missing _base_',
    'written.py needs the file .*base_that_is_not_there.py.*correct _base_',
)
def _(kit):
    return kit.write_config("_base_ = './base_that_is_not_there.py'\n")


@case('config', 'a syntax error', 'written.py.* is no Python: .* in line 1')
def _(kit):
    return kit.write_config('model = dict(\n')


@case('config', 'an empty file', 'written.py has no model, .*: add them')
def _(kit):
    return kit.write_config('')


@case(
    'config',
    'two UDA models in one another',
    "model.segmentor.type='EncoderDecoder'.*got DACS",
)
def _(kit):
    inner = kit.segmentor()
    model = dict(type='DACS', segmentor=dict(type='DACS', segmentor=inner))
    return kit.train(model=dict(_delete_=True, **model))


@case(
    'config',
    'a UDA model without a target set',
    "set train_dataloader.dataset.type='UDADataset'",
)
def _(kit):
    model = dict(type='DACS', segmentor=kit.segmentor())
    return kit.train(model=dict(_delete_=True, **model))


@case(
    'config',
    'a loss of other classes than the head',
    'loss_decode.num_classes is 7, but .*num_classes is 3',
)
def _(kit):
    return kit.train(
        **{
            'model.decode_head.loss_decode': dict(
                type='LBWLoss', num_classes=7
            )
        }
    )


@case(
    'config', 'BLDALoss without its hook', 'custom_hooks lacks GMMUpdateHook'
)
def _(kit):
    loss = dict(type='BLDALoss', num_classes=3)
    return kit.train(**{'model.decode_head.loss_decode': loss})


@case(
    'config',
    'class weights for other classes',
    'class_weight has 2 values, but .*num_classes is 3',
)
def _(kit):
    loss = dict(type='CrossEntropyLoss', class_weight=[1.0, 2.0])
    return kit.train(**{'model.decode_head.loss_decode': loss})


@case('config', 'a seed below 0', 'seed is -1, expected .*change --seed')
def _(kit):
    return kit.train('--seed', -1)


@case('config', 'a file for the work folder', 'taken is a file, .*--work-dir')
def _(kit):
    (kit.root / 'taken').write_text('')
    return kit.train('--work-dir', kit.root / 'taken')


@case(
    'config',
    'a work folder that is read-only',
    'the work folder frozen/run cannot be written to: frozen is read-only '
    '.*--work-dir',
)
def _(kit):
    kit.freeze(kit.folder('frozen'))
    return kit.train('--work-dir', kit.root / 'frozen/run')


@case(
    'config',
    'an override without a value',
    "--cfg-options: expected KEY=VALUE, but got 'max_iters'",
)
def _(kit):
    return kit.train('--cfg-options', 'max_iters')


@case('config', 'an unknown option', 'unrecognized arguments: --devices')
def _(kit):
    return kit.train('--devices', 2)


# ------------------------------------------------------------ checkpoints
@case(
    'checkpoint',
    '--resume of a missing file',
    '--resume: no checkpoint nowhere.pth',
)
def _(kit):
    return kit.train('--resume', kit.root / 'nowhere.pth')


@case(
    'checkpoint',
    '--resume of a cut file',
    'iter_6.pth is no complete checkpoint',
)
def _(kit):
    return kit.train('--resume', kit.cut_checkpoint())


@case(
    'checkpoint', 'load_from a missing file', 'load_from: no file nowhere.pth'
)
def _(kit):
    return kit.train(load_from=str(kit.root / 'nowhere.pth'))


@case(
    'checkpoint',
    'load_from a cut file',
    'load_from: iter_6.pth is no complete checkpoint',
)
def _(kit):
    return kit.train(load_from=str(kit.cut_checkpoint()))


@case(
    'checkpoint',
    'load_from a folder',
    'load_from: .*(?:directory|folder|no complete).*give a file',
)
def _(kit):
    return kit.train(load_from=str(kit.root))


@case(
    'checkpoint',
    'load_from a text',
    'load_from: weights.pth is no complete checkpoint',
)
def _(kit):
    path = kit.root / 'weights.pth'
    path.write_text('version https://git-lfs.github.com/spec/v1\n')
    return kit.train(load_from=str(path))


@case(
    'checkpoint',
    'load_from a pickle that runs code',
    'load_from: hostile.pth is no complete checkpoint .*weights_only',
)
def _(kit):
    return kit.train(load_from=str(kit.hostile_checkpoint()))


@case(
    'checkpoint',
    'load_from of nothing in common',
    'load_from: other.pth lacks every weight .*encoder.weight',
)
def _(kit):
    path = kit.root / 'other.pth'
    torch.save(dict(state_dict={'encoder.weight': torch.ones(2)}), path)
    return kit.train(load_from=str(path))


@case('checkpoint', 'a missing file to test', 'no checkpoint file nowhere.pth')
def _(kit):
    return kit.test(kit.root / 'nowhere.pth')


@case(
    'checkpoint',
    'an empty file to test',
    'empty.pth is no complete checkpoint',
)
def _(kit):
    path = kit.root / 'empty.pth'
    path.touch()
    return kit.test(path)


@case(
    'checkpoint',
    'weights of other classes to test',
    'iter_6.pth does not fit the config: .*conv_seg.*Give the config',
)
def _(kit):
    weights = kit.checkpoint(**{'model.decode_head.num_classes': 4})
    return kit.test(weights)


@case(
    'checkpoint',
    'classes in another order to test',
    "class 0 is 'road' in training and 'sky' in the test.*metainfo.classes",
)
def _(kit):
    return kit.test(kit.checkpoint(classes=('road', 'sky', 'car')))


@case(
    'checkpoint',
    'a plain checkpoint for uda_checkpoint.py',
    'iter_6.pth.*needs no conversion',
)
def _(kit):
    return (
        'model_converters/uda_checkpoint.py',
        kit.checkpoint(),
        kit.root / 'out.pth',
    )


# ------------------------------------------------------------------ data
def spoiled_label(value, dtype=np.uint8):
    """A training label with one value that no class has."""

    def make(kit):
        root = kit.data()
        label = np.full((40, 48), 1, dtype)
        label[:5] = value
        kit.write(root / 'ann/train/0.png', label)
        return kit.train_on(root)

    return make


case(
    'data',
    'a label value of 254',
    'ann/train/0.png has the value 254 in 240 pixels, expected 0 .. 2',
)(spoiled_label(254))
case(
    'data',
    'a label value of 7',
    'ann/train/0.png has the value 7 in 240 pixels, expected 0 .. 2',
)(spoiled_label(7))
case(
    'data',
    'label value -1 written with 16 bits',
    '0.png has the value 65535 .*8-bit',
)(spoiled_label(65535, np.uint16))


@case('data', 'a label in colours', '0.png has the shape .*class ids')
def _(kit):
    root = kit.data()
    label = np.zeros((40, 48, 3), np.uint8)
    label[..., 1] = 200
    kit.write(root / 'ann/train/0.png', label)
    return kit.train_on(root)


@case('data', 'a label of another size', '0.png has 48 x 38 pixels, .*48 x 40')
def _(kit):
    root = kit.data()
    kit.write(root / 'ann/train/0.png', np.ones((38, 48), np.uint8))
    return kit.train_on(root)


@case(
    'data',
    'an empty image file',
    'train_dataloader.dataset image data/img/train/0.png .*is empty: replace',
)
def _(kit):
    root = kit.data()
    kit.replace(root / 'img/train/0.png', b'')
    return kit.train_on(root)


@case(
    'data',
    'an image cut short',
    'train_dataloader.dataset image data/img/train/0.png cannot be read '
    '.*replace the file, or take it out',
)
def _(kit):
    root = kit.data()
    image = root / 'img/train/0.png'
    kit.replace(image, image.read_bytes()[:200])
    return kit.train_on(root)


@case(
    'data', 'an empty label file', 'ann/train/0.png cannot be read or decoded'
)
def _(kit):
    root = kit.data()
    kit.replace(root / 'ann/train/0.png', b'')
    return kit.train_on(root)


@case('data', 'a folder where an image should be', 'left out .*0.png')
def _(kit):
    root = kit.data()
    (root / 'img/train/0.png').unlink()
    (root / 'img/train/0.png').mkdir()
    return kit.train_on(root)


@case(
    'data',
    'a link to nowhere',
    '1 links .* lead nowhere and are left out .*0.png',
)
def _(kit):
    root = kit.data()
    (root / 'img/train/0.png').unlink()
    (root / 'img/train/0.png').symlink_to('nowhere.png')
    return kit.train_on(root)


@case(
    'data', 'a missing label', '1 of 6 images have no label: .*img/train/0.png'
)
def _(kit):
    root = kit.data()
    (root / 'ann/train/0.png').unlink()
    return kit.train_on(root)


@case(
    'data',
    'a missing data root',
    'folder nowhere/img/train does not exist.*--data-root',
)
def _(kit):
    return kit.train_on(kit.root / 'nowhere')


@case(
    'data',
    'a data root without images',
    'img_path: the folder data/img/train is empty',
)
def _(kit):
    root = kit.data()
    for file in (root / 'img/train').iterdir():
        file.unlink()
    return kit.train_on(root)


@case(
    'data',
    'a data root that vanishes during the training',
    'train_dataloader.dataset image data/img/train/[0-9].png cannot be read '
    '.*the folder data/img/train is not there.*goes on with --resume',
)
def _(kit):
    root = kit.data()
    return kit.train_on(
        root, custom_hooks=[dict(type='VanishingHook', folder=str(root))]
    )


@case(
    'data',
    'images in JPEG, and .png in the config',
    "no image that ends with '.png' .img_suffix., but '0.jpg'",
)
def _(kit):
    root = kit.data()
    for file in (root / 'img/train').iterdir():
        file.rename(file.with_suffix('.jpg'))
    return kit.train_on(root)


@case(
    'data',
    'a list of files with a name that is not there',
    'ann_file: 1 of the 2 images .* are not there: .*99.png',
)
def _(kit):
    root = kit.data()
    (root / 'train.txt').write_text('0\n99\n')
    return kit.train_on(
        root, **{'train_dataloader.dataset.ann_file': 'train.txt'}
    )


@case(
    'data',
    'labels without one pixel of a class',
    '2 of 3 classes have no labelled pixel .*sky, car',
)
def _(kit):
    root = kit.data()
    for file in (root / 'ann/train').iterdir():
        kit.write(file, np.ones((40, 48), np.uint8))
    return kit.train_on(root)


@case(
    'data',
    'masks of 0 and 255 for two classes',
    'ground, .*255 is ignored .*data map-labels',
)
def _(kit):
    root = kit.data()
    for split in ('train', 'val'):
        for file in (root / 'ann' / split).iterdir():
            label = np.zeros((40, 48), np.uint8)
            label[:20] = 255
            kit.write(file, label)
    meta = dict(classes=('crack', 'ground'), palette=[[0] * 3, [255] * 3])
    changes = {
        f'{x}_dataloader.dataset.metainfo': dict(_delete_=True, **meta)
        for x in ('train', 'val', 'test')
    }
    return kit.train_on(
        root, **{'model.decode_head.num_classes': 2}, **changes
    )


@case(
    'data',
    'validation labels of ignored pixels alone',
    'val_dataloader.dataset: 3 of 3 classes have no labelled pixel',
)
def _(kit):
    root = kit.data()
    for file in (root / 'ann/val').iterdir():
        kit.write(file, np.full((40, 48), 255, np.uint8))
    return kit.train_on(root)


@case(
    'data',
    'labels from 1, and reduce_zero_label not set',
    '0.png has the value 3 .*reduce_zero_label',
)
def _(kit):
    root = kit.data()
    for file in (root / 'ann/train').iterdir():
        label = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        kit.write(file, np.where(label == 255, 0, label + 1))
    return kit.train_on(root)


@case(
    'data',
    'a target set smaller than a batch',
    'goes on: the target has 5 images, fewer than the 6 of a batch',
)
def _(kit):
    return kit.train_uda(**{'train_dataloader.batch_size': 6})


@case(
    'data',
    'target images of one size with labels of another',
    'ann/val/0.png has 40 x 30 pixels',
)
def _(kit):
    root = kit.data()
    kit.write(root / 'ann/val/0.png', np.ones((30, 40), np.uint8))
    return kit.train_on(root)


# ------------------------------------------------------------- statistics
def statistics_file(change):
    """A post-hoc evaluation with a spoiled statistics file."""

    def make(kit):
        checkpoint = kit.checkpoint()
        path = kit.statistics(checkpoint)
        change(path)
        return kit.test(checkpoint, '--post-hoc', path, '--tau', 0.5)

    return make


def _cut(path):
    path.write_bytes(path.read_bytes()[:300])


def _find(content, key):
    state = content.get('state_dict', content)
    return next(v for k, v in state.items() if k.endswith(key))


def _change(**values):
    def change(path):
        content = torch.load(path, weights_only=True)
        for key, value in values.items():
            _find(content, key.replace('__', '.')).fill_(value)
        torch.save(content, path)

    return change


case(
    'statistics',
    'a missing file',
    'no statistics file statistics.pth: make it with',
)(statistics_file(lambda p: p.unlink()))
case('statistics', 'a cut file', 'statistics.pth is no complete file')(
    statistics_file(_cut)
)
case(
    'statistics',
    'means that are no numbers',
    'means that are not finite among its source mixtures: make it anew',
)(statistics_file(_change(source__means=float('nan'))))
case('statistics', 'variances below 0', 'variances that are not above 0')(
    statistics_file(_change(source__variances=-1.0))
)
case(
    'statistics',
    'weights that do not add up to 1',
    'weights that are not a distribution',
)(statistics_file(_change(source__weights=3.0)))
case('statistics', 'no update of any pair', 'never fitted')(
    statistics_file(_change(source__num_updates=0, target__num_updates=0))
)


@case(
    'statistics',
    'a checkpoint for the statistics',
    'has no logit statistics: .*Make them with',
)
def _(kit):
    checkpoint = kit.checkpoint()
    return kit.test(checkpoint, '--post-hoc', checkpoint)


def class_counts(text):
    """A UDA training whose class statistics are spoiled."""

    def make(kit):
        root = kit.data()
        (root / 'sample_class_stats.json').write_text(text)
        return kit.train_uda(
            root,
            **{'train_dataloader.dataset.rare_class_sampling': dict()},
        )

    return make


def _counts(**changes):
    rows = [
        {'0': 900, '1': 900, '2': 60, 'file': f'ann/train/{i}.png'}
        for i in range(6)
    ]
    rows[0].update(changes)
    return json.dumps(rows)


case(
    'class counts',
    'a missing file',
    'needs data/sample_class_stats.json, .*make it with mmseg-balance',
)(
    lambda kit: kit.train_uda(
        kit.data(), **{'train_dataloader.dataset.rare_class_sampling': dict()}
    )
)
case(
    'class counts',
    'JSON cut short',
    'sample_class_stats.json: not in the format.*make them anew',
)(class_counts(_counts()[:40]))
case(
    'class counts',
    'a count below 0',
    'sample_class_stats.json is not of the source data set.*make it anew',
)(class_counts(_counts(**{'2': -5})))
case(
    'class counts',
    'a count as a word',
    'sample_class_stats.json: not in the format',
)(class_counts(_counts(**{'2': 'x'})))
case(
    'class counts',
    'a class that is none',
    'sample_class_stats.json is not of the source data set.*make it anew',
)(class_counts(_counts(**{'7': 100})))
case(
    'class counts',
    'files of another data set',
    'sample_class_stats.json is not of the source data set',
)(class_counts(_counts(file='ann/train/other.png')))
case(
    'class counts',
    'another form',
    'sample_class_stats.json: not in the format',
)(class_counts('{"a": 1}'))


# ------------------------------------------------------------- converters
@case('converter', 'gta.py without a folder', 'nowhere/labels: no such folder')
def _(kit):
    return 'dataset_converters/gta.py', kit.root / 'nowhere'


@case('converter', 'gta.py on an empty folder', 'gta/labels: no such folder')
def _(kit):
    return 'dataset_converters/gta.py', kit.folder('gta')


@case(
    'converter',
    'cityscapes.py on an empty folder',
    'gtFine/train: no such folder; unpack',
)
def _(kit):
    return 'dataset_converters/cityscapes.py', kit.folder('cityscapes')


@case(
    'converter',
    'synthia.py on an empty folder',
    'synthia/GT/LABELS: no such folder',
)
def _(kit):
    return 'dataset_converters/synthia.py', kit.folder('synthia')


@case(
    'converter',
    'gta.py on an empty label file',
    '00001.png: cannot be decoded',
)
def _(kit):
    root = kit.folder('gta')
    (root / 'labels').mkdir()
    (root / 'labels/00001.png').write_bytes(b'')
    return 'dataset_converters/gta.py', root, '--nproc', 1


@case(
    'converter',
    'cityscapes.py on label ids of another data set',
    'labelIds.png: label id 200 is not one',
)
def _(kit):
    root = kit.folder('cityscapes')
    path = root / 'gtFine/train/a/a_000000_000000_gtFine_labelIds.png'
    kit.write(path, np.full((4, 4), 200, np.uint8))
    return 'dataset_converters/cityscapes.py', root, '--nproc', 1


# ----------------------------------------------------- logits and labels
def loss_of(what, expected, kind, make):
    """Value of a loss on odd logits or labels."""

    def run(kit):
        logits, labels = make()
        logits.requires_grad_()
        try:
            loss = kit.loss(kind)
            values = [loss(logits, labels)]
            if kind == 'BLDALoss':
                loss.update_statistics()
            # what came in spoils nothing that comes later
            values.append(loss(*_logits()))
        except (ValueError, FloatingPointError) as error:
            return str(error)
        values[0].backward()
        largest = logits.grad.abs().max()
        odd, next_ = (f'{float(value):.4g}' for value in values)
        return (
            f'loss {odd}, largest gradient {float(largest):.4g}; of the next '
            f'batch {next_}'
        )

    case('logits', f'{kind}: {what}', *expected)(run)


def _logits(value=None, classes=3):
    logits = torch.randn(2, classes, 8, 8)
    labels = torch.randint(classes, (2, 8, 8))
    if value is not None:
        logits[0, 0, 0, 0] = value
    return logits, labels


def _constant():
    _, labels = _logits()
    return torch.full((2, 3, 8, 8), 2.0), labels


def _ignored():
    logits, labels = _logits()
    return logits, torch.full_like(labels, 255)


def _one_class():
    logits, labels = _logits()
    return logits, torch.ones_like(labels)


def _few():
    logits, labels = _logits()
    labels[:] = 255
    labels[0, 0, :3] = torch.arange(3)
    return logits, labels


for _kind in ('BLDALoss', 'GBWLoss'):
    for _what, _make, _loss in (
        ('one logit is inf', lambda: _logits(float('inf')), 'nan'),
        ('one logit is NaN', lambda: _logits(float('nan')), 'nan'),
        ('one logit is 1e30', lambda: _logits(1e30), r'7\.8.*e\+27'),
        ('all logits equal', _constant, r'1\.(?:099|084)'),
        ('all pixels ignored', _ignored, '0, largest gradient 0'),
        ('pixels of one class', _one_class, r'1\.449'),
        ('no class with N_min pixels', _few, r'0\.03'),
    ):
        # whatever came in, what comes next is a number again
        _next = r'of the next batch 1\.[56]'
        loss_of(_what, (f'loss {_loss}', _next), _kind, _make)
