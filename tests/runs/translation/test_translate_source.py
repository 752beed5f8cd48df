"""A translated copy of source images: names, bytes, and whose folder it is."""

import json

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmseg_balance.datasets import FourierStyle, UDADataset
from mmseg_balance.errors import UserError
from mmseg_balance.files import mapping
from mmseg_balance.inference.translators.named import build_translator
from mmseg_balance.runs.translation.source_images import (
    build_domains,
    translations,
)
from mmseg_balance.runs.translation.translate_source import translate_source
from mmseg_balance.version import __version__

SIZES = dict(source=(13, 18), target=(10, 16))
LAB = build_translator(['lab'])


@pytest.fixture(autouse=True)
def _mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def make(root, key, names, suffix='.png', **changes):
    """Write random images, labels of the source; their data set's config."""
    for i, name in enumerate(names):
        rng = np.random.default_rng([i, len(str(root / key))])
        size = SIZES[key[:6]]
        image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        label = rng.integers(0, 2, size, dtype=np.uint8)
        for folder, array, end in (
            ('images', image, suffix),
            ('labels', label, '.png'),
        ):
            path = root / key / folder / f'{name}{end}'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), array)
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    return dict(
        type='BaseSegDataset',
        data_root=str(root / key),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix=suffix,
        serialize_data=False,
        metainfo=dict(classes=('road', 'car')),
        pipeline=[
            *(load if key.startswith('source') else load[:1]),
            dict(type='Resize', scale_factor=0.5),
            dict(type='PackSegInputs'),
        ],
        **changes,
    )


@pytest.fixture
def data(tmp_path):
    """A source of six images in two folders, and a target of four."""
    names = [f'{town}/{i}' for town in 'ab' for i in range(3)]
    return dict(
        type='UDADataset',
        source=make(tmp_path, 'source', names),
        target=make(tmp_path, 'target', '0123'),
    )


def config(data):
    return Config(dict(train_dataloader=dict(dataset=data)))


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def test_images_have_names_sizes_and_the_style(data, tmp_path):
    out = tmp_path / 'out'
    fourier = build_translator(['fourier'], [0.3])
    summary = translate_source(config(data), out, fourier)
    assert (summary.translated, summary.kept) == (6, 0)
    files = contents(out)
    assert set(files) == {
        'translation.json',
        *(f'{town}/{i}.png' for town in 'ab' for i in range(3)),
    }
    targets = set()
    for image in translations(build_domains(config(data)), True, 0):
        source = cv2.imread(str(tmp_path / 'source/images' / image.name))
        target = cv2.imread(image.target.path)
        style = FourierStyle(beta=0.3)
        wanted = style(dict(img=source, target_image=target))['img']
        written = cv2.imread(str(out / image.name))
        np.testing.assert_array_equal(written, wanted)
        targets.add(image.target.path)
    assert len(targets) > 1


def test_any_order_and_any_number_of_processes_give_the_same(data, tmp_path):
    betas = build_translator(['fourier'], [0.0, 0.4])
    cfg = config(data)
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    translate_source(cfg, whole, betas, seed=3)
    translate_source(cfg, resumed, betas, seed=3, nproc=2)
    assert contents(whole) == contents(resumed)
    # as if it had been killed
    for name in ('a/1.png', 'b/2.png'):
        (resumed / name).unlink()
    (resumed / 'b/0.png').write_bytes(b'edited')
    summary = translate_source(cfg, resumed, betas, seed=3)
    assert (summary.translated, summary.kept) == (2, 4)
    again = contents(resumed)
    assert again.pop('b/0.png') == b'edited'
    assert again.items() < contents(whole).items()
    other = tmp_path / 'other'
    translate_source(cfg, other, betas, seed=4)
    assert contents(other)['a/1.png'] != contents(whole)['a/1.png']


def test_what_is_drawn_for_an_image_depends_on_no_other(data, tmp_path):
    betas = build_translator(['fourier'], [0.0, 0.4])
    translate_source(config(data), tmp_path / 'all', betas)
    for path in (tmp_path / 'source').rglob('a/[01].png'):
        path.unlink()
    translate_source(config(data), tmp_path / 'some', betas)
    some = contents(tmp_path / 'some')
    some.pop('translation.json')
    assert len(some) == 4
    assert some.items() < contents(tmp_path / 'all').items()


def test_a_training_reads_the_copy(data, tmp_path):
    out = tmp_path / 'out'
    translate_source(config(data), out, LAB)
    data.pop('type')
    data['source']['pipeline'].pop(2)
    data['source']['translated_root'] = str(out)
    dataset = UDADataset(**data)
    inputs = dataset[4]['source']['inputs'].numpy().transpose(1, 2, 0)
    np.testing.assert_array_equal(inputs, cv2.imread(str(out / 'b/1.png')))
    # and what is translated are the images themselves
    data['type'] = 'UDADataset'
    translate_source(config(data), tmp_path / 'again', LAB)
    first, second = contents(out), contents(tmp_path / 'again')
    assert first == second


def test_jpegs_stay_jpegs_and_lose_little(data, tmp_path):
    rng = np.random.default_rng(0)
    data['source'] = make(tmp_path, 'source_jpg', ['x'], '.jpg')
    smooth = cv2.resize(
        rng.integers(0, 256, (3, 4, 3), dtype=np.uint8), (16, 12)
    )
    path = tmp_path / 'source_jpg'
    cv2.imwrite(str(path / 'images/x.jpg'), smooth)
    cv2.imwrite(str(path / 'labels/x.png'), np.zeros((12, 16), np.uint8))
    translate_source(config(data), tmp_path / 'out', LAB)
    (image,) = translations(build_domains(config(data)), True, 0)
    wanted = LAB(image.image.read(), image.target.read())
    written = cv2.imread(str(tmp_path / 'out/x.jpg')).astype(int)
    assert np.abs(written - wanted).max() <= 3


def test_target_images_are_drawn_by_name_not_by_place(data, tmp_path):
    def drawn(names):
        listed = tmp_path / 'target/listed.txt'
        listed.write_text('\n'.join(names))
        data['target']['ann_file'] = str(listed)
        images = translations(build_domains(config(data)), True, 0)
        return [image.target.path for image in images]

    assert drawn('0123') == drawn('3201')


def test_of_few_target_images_those_alone(data, tmp_path):
    data['few_shot'] = ['2']
    images = translations(build_domains(config(data)), True, 0)
    path = str(tmp_path / 'target/images/2.png')
    assert {image.target.path for image in images} == {path}
    translate_source(config(data), tmp_path / 'out', LAB)
    record = json.loads((tmp_path / 'out/translation.json').read_text())
    assert record['settings']['target']['images'] == 1


def test_one_of_several_sources(data, tmp_path):
    other = make(tmp_path, 'source_2', ['x', 'y'])
    data['source'] = [data['source'], other]
    data['source_names'] = ['first', 'second']
    data['source_weights'] = [1, 2]
    for source in ('1', 'second'):
        out = tmp_path / source
        assert translate_source(config(data), out, LAB, source).translated == 2
        assert (out / 'x.png').exists()
    for source, found in ((None, 'no --source'), ('third', '--source third')):
        with pytest.raises(
            UserError,
            match=rf'{found} was given.* are 0 \(first\), 1 \(second\)',
        ):
            translate_source(config(data), tmp_path / 'o', LAB, source)


@pytest.mark.parametrize('change', ['beta', 'seed', 'source', 'target'])
def test_folder_of_other_settings_is_refused(data, tmp_path, change):
    out = tmp_path / 'out'
    cfg, fourier = config(data), build_translator(['fourier'])
    translate_source(cfg, out, fourier)
    before = contents(out)
    seed = 0
    if change == 'beta':
        fourier = build_translator(['fourier'], [0.2])
        said = r'translator.beta \[0.01, 0.01\], now \[0.2, 0.2\]'
    elif change == 'seed':
        seed, said = 7, 'seed 0, now 7'
    else:
        images = tmp_path / change / 'images'
        name = 'b/0.png' if change == 'source' else '3.png'
        (images / name).write_bytes((images / name).read_bytes() + b' ')
        said = rf'{change}.sha256 \w+\.\.\., now '
    with pytest.raises(
        UserError, match=f'{out} was translated with other settings .{said}'
    ) as error:
        translate_source(cfg, out, fourier, seed=seed)
    assert str(error.value).count(', now ') == 1
    assert contents(out) == before


def test_files_of_a_user_are_not_touched(data, tmp_path):
    cfg, out = config(data), tmp_path / 'out'
    out.mkdir()
    (out / 'mine.png').write_bytes(b'mine')
    with pytest.raises(UserError, match='mine.png, and no translation.json'):
        translate_source(cfg, out, LAB)
    assert contents(out) == {'mine.png': b'mine'}
    with pytest.raises(UserError, match='mine.png is a file: name a folder'):
        translate_source(cfg, out / 'mine.png', LAB)
    images = tmp_path / 'source/images'
    with pytest.raises(UserError, match='has a and 1 more, and no'):
        translate_source(cfg, images, LAB)


def test_data_that_cannot_be_translated(data, tmp_path):
    out = tmp_path / 'out'
    without = {k: v for k, v in data.items() if k != 'target'}
    with pytest.raises(UserError, match='target image, and .* has no target'):
        translate_source(config(without), out, LAB)
    with pytest.raises(UserError, match='train_dataloader.*has no source'):
        translate_source(Config(dict(model=dict())), out, LAB)
    twice = dict(
        type='ConcatDataset',
        datasets=[data['source'], make(tmp_path, 'source_2', ['a/1'])],
    )
    with pytest.raises(UserError, match='both called a/1.png'):
        translate_source(config(data | dict(source=twice)), out, LAB)
    with pytest.raises(UserError, match='--seed is -1'):
        translate_source(config(data), out, LAB, seed=-1)
    assert not out.exists()


class _Halved:
    """A translator that needs no target, draws, and gives another size."""

    needs_target_image = False
    runs_in_processes = False
    step = 1

    def __call__(self, image, target):
        assert target is None
        noise = np.random.randint(0, 9, image.shape, dtype=np.uint8)
        return noise[:: self.step]

    def settings(self):
        return dict(type='halved')


def test_translators_of_others(data, tmp_path, monkeypatch):
    data.pop('target')
    cfg = config(data)
    # it stays in this process, and is seeded by names
    monkeypatch.setattr(mapping, 'ProcessPoolExecutor', None)
    for out in (tmp_path / 'a', tmp_path / 'b'):
        translate_source(cfg, out, _Halved(), nproc=4)
    assert contents(tmp_path / 'a') == contents(tmp_path / 'b')
    images = contents(tmp_path / 'a')
    assert images['a/0.png'] != images['a/1.png']
    monkeypatch.setattr(_Halved, 'step', 2)
    with pytest.raises(
        UserError, match=r'_Halved made uint8 \(7, 18, 3\) of .*\(13, 18, 3\)'
    ):
        translate_source(cfg, tmp_path / 'c', _Halved())


def test_image_that_breaks_is_named_after_the_others(
    data, tmp_path, monkeypatch
):
    broken = tmp_path / 'source/images/b/1.png'
    plain = _Halved.__call__

    def breaking(self, image, target):
        broken.write_bytes(b'no image')
        return plain(self, image, target)

    monkeypatch.setattr(_Halved, '__call__', breaking)
    out = tmp_path / 'out'
    with pytest.raises(
        UserError,
        match=f'1 of 6 files failed:\n.*source image {broken} cannot be read',
    ):
        translate_source(config(data), out, _Halved())
    assert len(contents(out)) == 6  # five images and the record
    with pytest.raises(UserError, match=f'source image {broken} cannot be'):
        translate_source(config(data), out, _Halved())


def test_record_names_what_made_it(data, tmp_path):
    translate_source(config(data), tmp_path / 'out', LAB, seed=2)
    record = json.loads((tmp_path / 'out' / 'translation.json').read_text())
    assert record['settings']['translator'] == dict(type='lab')
    assert record['settings']['seed'] == 2
    assert record['folders']['source'] == [str(tmp_path / 'source/images')]
    assert record['mmseg_balance'] == __version__
