"""Files as GTA, SYNTHIA and Cityscapes are passed around.

Each goes through the real converter, the data set and a training step.
"""

import errno
import json
import runpy

import cv2
import numpy as np
import pytest
import torch
from helpers.paths import ROOT
from helpers.png_files import grey_alpha_png
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmseg.datasets import CityscapesDataset
from mmseg.registry import MODELS
from PIL import Image

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.checks import labels as label_checks
from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.conversion import label_conversion as conversion
from mmseg_balance.datasets.conversion.colour_labels import ID_OF_COLOUR
from mmseg_balance.datasets.conversion.label_scheme import CITYSCAPES_TRAIN_IDS

TOOLS = ROOT / 'tools/dataset_converters'
# colours of GTA's palette images, by id, as several public loaders list them
GTA_PALETTE = [
    (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (20, 20, 20), (111, 74, 0),
    (81, 0, 81), (128, 64, 128), (244, 35, 232), (250, 170, 160),
    (230, 150, 140), (70, 70, 70), (102, 102, 156), (190, 153, 153),
    (180, 165, 180), (150, 100, 100), (150, 120, 90), (153, 153, 153),
    (153, 153, 153), (250, 170, 30), (220, 220, 0), (107, 142, 35),
    (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0), (0, 0, 142),
    (0, 0, 70), (0, 60, 100), (0, 0, 90), (0, 0, 110), (0, 80, 100),
    (0, 0, 230), (119, 11, 32), (0, 0, 142),
]  # fmt: skip
# ids with a colour of their own, so that each kind of file can hold them
IDS = np.resize([0, 4, 5, 7, 8, 11, 12, 17, 19, 23, 26, 29, 33], (8, 12))
TRAIN_IDS = np.vectorize(lambda i: CITYSCAPES_TRAIN_IDS.get(i, 255))(IDS)
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
REST = [
    dict(type='RandomCrop', crop_size=(8, 8)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]


@pytest.fixture(scope='module')
def model():
    """A segmentor of one convolution."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(
            dict(
                type='EncoderDecoder',
                data_preprocessor=dict(
                    type='SegDataPreProcessor', size=(8, 8), seg_pad_val=255
                ),
                backbone=dict(
                    type='UNet', base_channels=4, num_stages=2,
                    strides=(1, 1), enc_num_convs=(1, 1), dec_num_convs=(1,),
                    downsamples=(True,), enc_dilations=(1, 1),
                    dec_dilations=(1,),
                ),
                decode_head=dict(
                    type='FCNHead', in_channels=4, in_index=1, channels=4,
                    num_convs=0, concat_input=False, num_classes=19,
                    loss_decode=dict(type='CrossEntropyLoss'),
                ),
            )
        )  # fmt: skip


@pytest.fixture
def step(model):
    """Load all samples of a data set and train on them once.

    Gives the label maps as they are loaded.
    """

    def run(root, kind='GTADataset', **kwargs):
        source = dict(
            type=kind,
            data_root=str(root),
            serialize_data=False,
            **kwargs,
        )
        source.setdefault('pipeline', LOAD + REST)
        source.setdefault(
            'data_prefix', dict(img_path='images', seg_map_path='labels')
        )
        data = UDADataset(source)
        batch = pseudo_collate([data[i]['source'] for i in range(len(data))])
        batch = model.data_preprocessor(batch, training=True)
        losses = model(**batch, mode='loss')
        loss = losses['decode.loss_ce']
        loss.backward()
        assert torch.isfinite(loss)
        part = data.domains['source'].parts[0]
        return {
            part.dataset.get_data_info(i)['img_path'].rsplit('/')[-1]: (
                part.load(i)['gt_seg_map']
            )
            for i in range(len(part))
        }

    return run


def convert(name, *args):
    main = runpy.run_path(str(TOOLS / f'{name}.py'))['main']
    main([str(a) for a in (*args, '--nproc', 1)])


def picture(size=(8, 12), seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (*size, 3))
    return Image.fromarray(values.astype(np.uint8))


def save(path, image, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **kwargs)


def palette_image(ids, palette=GTA_PALETTE):
    image = Image.fromarray(ids.astype(np.uint8), mode='P')
    image.putpalette(np.array(palette, np.uint8).tobytes())
    return image


def sorted_palette(ids):
    """As tools that make PNGs smaller leave it."""
    colours = sorted({GTA_PALETTE[i] for i in ids.ravel()})
    indices = [colours.index(GTA_PALETTE[i]) for i in ids.ravel()]
    return palette_image(np.reshape(indices, ids.shape), colours)


def gta(root, label, image=None, name='00001', **kwargs):
    save(root / f'labels/{name}.png', label, **kwargs)
    save(root / f'images/{name}.png', image or picture())
    return root


# -- how ids are stored ------------------------------------------------------
LABELS = {
    'palette': palette_image(IDS),
    'palette in another order': sorted_palette(IDS),
    'palette that says nothing': palette_image(
        IDS, np.arange(768).reshape(256, 3) % 251
    ),
    'grey': Image.fromarray(IDS.astype(np.uint8)),
    'grey and alpha': Image.fromarray(IDS.astype(np.uint8)).convert('LA'),
    'colours': palette_image(IDS).convert('RGB'),
    'colours and alpha': palette_image(IDS).convert('RGBA'),
    'ids in each channel': Image.fromarray(IDS.astype(np.uint8)).convert(
        'RGB'
    ),
    '16 bit': Image.fromarray(IDS.astype(np.uint16)),
}


@pytest.mark.parametrize('kind', LABELS)
def test_label_images_of_each_kind(tmp_path, step, kind):
    gta(tmp_path, LABELS[kind])
    convert('gta', tmp_path)
    np.testing.assert_array_equal(step(tmp_path)['00001.png'], TRAIN_IDS)


def test_a_transparent_colour_is_no_matter(tmp_path, step):
    gta(tmp_path, palette_image(IDS), transparency=7)
    convert('gta', tmp_path)
    np.testing.assert_array_equal(step(tmp_path)['00001.png'], TRAIN_IDS)


@pytest.mark.parametrize(
    'value, dtype', [(34, np.uint8), (255, np.uint8), (65535, np.uint16)]
)
@pytest.mark.parametrize('name', ['gta', 'cityscapes'])
def test_licence_plates_are_ignored(tmp_path, name, value, dtype):
    label = Image.fromarray(np.where(IDS == 7, value, IDS).astype(dtype))
    if name == 'gta':
        file = 'labels/00001.png'
    else:
        file = 'gtFine/train/a/a_gtFine_labelIds.png'
        save(tmp_path / file.replace('train', 'val'), label)
    save(tmp_path / file, label)
    convert(name, tmp_path)
    (file,), _ = load_class_counts(tmp_path)
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / file)),
        np.where(IDS == 7, 255, TRAIN_IDS),
    )


def test_colours_are_those_of_cityscapes():
    names = CityscapesDataset.METAINFO
    for c, colour in enumerate(names['palette']):
        assert CITYSCAPES_TRAIN_IDS[ID_OF_COLOUR[tuple(colour)]] == c
    ids = [ID_OF_COLOUR[colour] for colour in GTA_PALETTE]
    same = {i for i, found in enumerate(ids) if found == i}
    assert set(range(35)) - same == {1, 2, 3, 18, 34}


def test_smoothed_colours_are_refused(tmp_path):
    label = palette_image(IDS).convert('RGB')
    gta(tmp_path, label.resize((24, 16), Image.Resampling.BILINEAR))
    with pytest.raises(SystemExit) as error:
        convert('gta', tmp_path)
    assert '00001.png: the colour (' in str(error.value)
    assert 'take the original file' in str(error.value)


@pytest.mark.parametrize('mode', ['RGBA', 'L', 'P', 'I;16'])
def test_images_of_each_kind(tmp_path, step, mode):
    image = picture()
    if mode == 'I;16':
        image = Image.fromarray(np.asarray(image)[..., 0].astype(np.uint16))
    else:
        image = image.convert(mode)
    gta(tmp_path, palette_image(IDS), image)
    convert('gta', tmp_path)
    np.testing.assert_array_equal(step(tmp_path)['00001.png'], TRAIN_IDS)


# -- sizes -------------------------------------------------------------------
def odd_sizes(root):
    """Labels of other sizes: fewer rows, more rows, another width."""
    for i, rows, columns in ((15188, 6, 12), (17705, 9, 12), (20801, 4, 6)):
        ids = np.resize(IDS, (rows, columns))
        gta(root, palette_image(ids), picture(seed=i), f'{i}')
    gta(root, palette_image(IDS))
    small = np.resize(TRAIN_IDS, (4, 6))
    return {
        '00001.png': TRAIN_IDS,
        '15188.png': np.concatenate(
            [np.resize(TRAIN_IDS, (6, 12)), np.full((2, 12), 255)]
        ),
        '17705.png': np.resize(TRAIN_IDS, (9, 12))[:8],
        # each pixel twice, in both directions
        '20801.png': small.repeat(2, axis=0).repeat(2, axis=1),
    }


def test_gta_with_images_that_were_saved_as_jpeg(tmp_path, step):
    expected = odd_sizes(tmp_path)
    for file in list((tmp_path / 'images').iterdir()):
        Image.open(file).save(file.with_suffix('.jpg'))
        file.unlink()
    convert('gta', tmp_path)
    labels = step(tmp_path, img_suffix='.jpg')
    for name, label in expected.items():
        np.testing.assert_array_equal(labels[f'{name[:5]}.jpg'], label)


def test_gta_labels_get_the_size_of_their_image(tmp_path, step, capsys):
    expected = odd_sizes(tmp_path)
    convert('gta', tmp_path)
    for name, label in step(tmp_path).items():
        np.testing.assert_array_equal(label, expected[name])
    _, counts = load_class_counts(tmp_path)
    for row, label in zip(counts, expected.values(), strict=True):
        found = [(label == c).sum() for c in range(counts.shape[1])]
        assert row.tolist() == found
    output = capsys.readouterr().out
    assert 'another size than their image, brought to it: 3' in output
    assert 'labels/15188_labelTrainIds.png, (12, 6), (12, 8), 2 rows of' in (
        output
    )
    assert str(tmp_path / 'conversion_notes.json') in output
    notes = json.loads((tmp_path / 'conversion_notes.json').read_text())
    assert [
        (note['file'], note['label_size'], note['image_size'], note['change'])
        for note in notes['other_size']
    ] == [
        (
            f'labels/{i}_labelTrainIds.png', size, [12, 8], change,
        )
        for i, size, change in (
            (15188, [12, 6],
             '2 rows of ignored pixels added at the lower margin'),
            (17705, [12, 9], '1 row cut off at the lower margin'),
            (20801, [6, 4], 'resized to the nearest pixels'),
        )
    ]  # fmt: skip


def test_gta_conversions_of_before_are_mended(tmp_path, step, monkeypatch):
    expected = odd_sizes(tmp_path)
    for name in expected:
        path = tmp_path / 'labels' / name
        ids = np.asarray(Image.open(path))
        old = np.vectorize(lambda i: CITYSCAPES_TRAIN_IDS.get(i, 255))(ids)
        new = path.with_name(f'{path.stem}_labelTrainIds.png')
        save(new, Image.fromarray(old.astype(np.uint8)))
    with pytest.raises(ValueError) as error:
        step(tmp_path)
    assert 'labels/15188_labelTrainIds.png has 12 x 6 pixels' in str(
        error.value
    )
    command = f'mmseg-balance data gta {tmp_path}'
    assert command in str(error.value)
    write, written = conversion.write_png, []

    def record(path, image):
        write(path, image)
        written.append(path.name[:5])

    monkeypatch.setattr(conversion, 'write_png', record)
    convert('gta', tmp_path)
    assert written == ['15188', '17705', '20801']
    for name, label in step(tmp_path).items():
        np.testing.assert_array_equal(label, expected[name])
    notes = (tmp_path / 'conversion_notes.json').read_text()
    convert('gta', tmp_path)
    assert len(written) == 3
    # what was changed once is still told
    assert (tmp_path / 'conversion_notes.json').read_text() == notes


def test_files_of_another_size_that_are_not_ours_stay(tmp_path):
    odd_sizes(tmp_path)
    file = tmp_path / 'labels/15188_labelTrainIds.png'
    save(file, Image.fromarray(np.zeros((6, 12), np.uint8)))
    with pytest.raises(SystemExit, match='12 x 6 pixels, expected 12 x 8 as'):
        convert('gta', tmp_path)
    assert not np.asarray(Image.open(file)).any()


def test_the_known_labels_of_gta_are_looked_at_on_start(tmp_path, step):
    # more files than are looked at otherwise
    label = Image.fromarray(TRAIN_IDS.astype(np.uint8))
    for i in range(20761, 20900):
        save(tmp_path / f'images/{i}.png', picture())
        save(tmp_path / f'labels/{i}_labelTrainIds.png', label)
    name = tmp_path / 'labels/20802_labelTrainIds.png'
    save(name, label.crop((0, 0, 12, 6)))
    with pytest.raises(ValueError, match='20802_labelTrainIds.png has 12 x 6'):
        step(tmp_path)


# -- images ------------------------------------------------------------------
@pytest.mark.parametrize('colour', [(0, 0, 0), (255, 255, 255)])
def test_plain_images_are_named(tmp_path, step, capsys, colour):
    gta(tmp_path, palette_image(IDS))
    gta(
        tmp_path, palette_image(IDS), Image.new('RGB', (12, 8), colour),
        '17705',
    )  # fmt: skip
    convert('gta', tmp_path)
    output = capsys.readouterr().out
    assert 'images of one colour or two, black or white alone' in output
    assert f'{tmp_path}/images/17705.png, [{colour}]' in output
    assert len(step(tmp_path)) == 2


def test_large_pictures_are_not_decoded_to_look_for_plain_ones(tmp_path):
    gta(
        tmp_path, palette_image(np.resize(IDS, (80, 120))),
        picture((80, 120)),
    )  # fmt: skip
    file = tmp_path / 'images/00001.png'
    file.write_bytes(file.read_bytes()[:20000])
    convert('gta', tmp_path)
    notes = json.loads((tmp_path / 'conversion_notes.json').read_text())
    assert not any(notes.values())


def test_labels_without_a_class_or_an_image_are_named(tmp_path, capsys):
    gta(tmp_path, palette_image(IDS))
    gta(tmp_path, palette_image(0 * IDS), name='00002')
    gta(tmp_path, palette_image(IDS), name='00003')
    (tmp_path / 'images/00003.png').unlink()
    gta(tmp_path, palette_image(IDS), name='00004')
    (tmp_path / 'images/00004.png').write_bytes(b'no image')
    convert('gta', tmp_path)
    output = capsys.readouterr().out
    for kind, name in (
        ('without a pixel of any class', 'labels/00002_labelTrainIds.png'),
        ('without an image', 'labels/00003_labelTrainIds.png'),
        ('that cannot be read', f'{tmp_path}/images/00004.png'),
    ):
        assert kind in output
        assert f': 1\n  {name}' in output


@pytest.mark.parametrize('suffix', ['png', 'jpg'])
def test_images_turned_by_exif(tmp_path, step, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6
    gta(tmp_path, palette_image(IDS))
    save(tmp_path / f'images/00001.{suffix}', picture(), exif=exif)
    if suffix == 'png':
        with pytest.raises(SystemExit, match=r'00001.png: its EXIF tag turns'):
            convert('gta', tmp_path)
        return
    # it turns up after the conversion
    convert('gta', tmp_path)
    (tmp_path / 'images/00001.png').unlink()
    with pytest.raises(ValueError) as error:
        step(tmp_path, img_suffix='.jpg')
    assert '12 x 8 pixels, and its image' in str(error.value)
    assert "color_type='color_ignore_orientation'" in str(error.value)
    pipeline = [dict(LOAD[0], color_type='color_ignore_orientation'), LOAD[1]]
    data = UDADataset(
        dict(
            type='GTADataset', data_root=str(tmp_path), img_suffix='.jpg',
            data_prefix=dict(img_path='images', seg_map_path='labels'),
            pipeline=pipeline + REST,
        )
    )  # fmt: skip
    assert data[0]['source']['inputs'].shape == (3, 8, 8)


@pytest.mark.parametrize('color_type', ['color', 'color_ignore_orientation'])
def test_images_turned_upside_down_by_exif(
    tmp_path, step, monkeypatch, color_type
):
    exif = Image.Exif()
    exif[0x0112] = 3
    gta(tmp_path, palette_image(IDS))
    convert('gta', tmp_path)
    save(tmp_path / 'images/00001.png', picture(), exif=exif)
    load = [dict(LOAD[0], color_type=color_type), LOAD[1]]
    lines = []
    monkeypatch.setattr(
        label_checks, 'print_log', lambda line, **kwargs: lines.append(line)
    )
    step(tmp_path, pipeline=load + REST)
    assert len(lines) == (color_type == 'color')
    for line in lines:
        assert 'source: the EXIF tag of 1 of the 1 images looked at' in line
        assert "color_type='color_ignore_orientation'" in line


def test_a_jpeg_cut_short_is_named(tmp_path, step):
    label = palette_image(np.resize(IDS, (80, 120)))
    gta(tmp_path, label, picture((80, 120)))
    file = tmp_path / 'images/00001.jpg'
    save(file, picture((80, 120)))
    convert('gta', tmp_path)
    whole = file.read_bytes()
    assert len(step(tmp_path, img_suffix='.jpg')) == 1
    for part in (whole[: len(whole) // 2], whole[:-2]):
        file.write_bytes(part)
        with pytest.raises(OSError) as error:
            step(tmp_path, img_suffix='.jpg')
        assert f'source image {file} cannot be read' in str(error.value)
        assert 'replace the file' in str(error.value)


# -- names and folders -------------------------------------------------------
def test_names_with_and_without_zeros(tmp_path, step):
    gta(tmp_path, palette_image(IDS), name='00001')
    gta(tmp_path, palette_image(IDS), name='2')
    (tmp_path / 'images/2.png').rename(tmp_path / 'images/00002.png')
    # which of the two is meant is not clear
    gta(tmp_path, palette_image(IDS), name='3')
    (tmp_path / 'images/3.png').rename(tmp_path / 'images/0003.png')
    save(tmp_path / 'images/00003.png', picture())
    convert('gta', tmp_path)
    assert load_class_counts(tmp_path)[0] == [
        f'labels/{name}_labelTrainIds.png' for name in ('00001', '00002', '3')
    ]
    for name in ('0003', '00003'):
        (tmp_path / f'images/{name}.png').unlink()
    assert sorted(step(tmp_path)) == ['00001.png', '00002.png']


def test_files_of_operating_systems_are_left_out(tmp_path, step):
    gta(tmp_path, palette_image(IDS))
    for folder in ('images', 'labels'):
        for name in ('._00001.png', '.DS_Store', 'Thumbs.db', 'desktop.ini'):
            (tmp_path / folder / name).write_bytes(b'\0\5\x16\7\0\2\0\0Mac')
        (tmp_path / folder / '__MACOSX').mkdir()
        (tmp_path / folder / '__MACOSX/._00001.png').write_bytes(b'\0\5')
    convert('gta', tmp_path)
    assert list(step(tmp_path)) == ['00001.png']
    assert len(load_class_counts(tmp_path)[0]) == 1


def test_links_are_followed_but_not_in_circles(tmp_path, step):
    data, root = gta(tmp_path / 'data', palette_image(IDS)), tmp_path / 'gta'
    root.mkdir()
    (root / 'images').symlink_to(data / 'images')
    (root / 'labels').symlink_to(data / 'labels')
    # what "ln -s" leaves when it is called twice
    (data / 'labels/labels').symlink_to(data / 'labels')
    convert('gta', root)
    assert load_class_counts(root)[0] == ['labels/00001_labelTrainIds.png']
    np.testing.assert_array_equal(step(root)['00001.png'], TRAIN_IDS)
    (data / 'images/images').symlink_to(data / 'images')
    with pytest.raises(OSError, match='gta/images/images is a link to the'):
        step(root)
    (data / 'labels/00002.png').symlink_to(tmp_path / 'away/00002.png')
    with pytest.raises(SystemExit) as error:
        convert('gta', root)
    assert f'00002.png: a link to {tmp_path}/away/00002.png, which' in str(
        error.value
    )


def test_read_only_folders(tmp_path, step, monkeypatch, capsys):
    root, out = gta(tmp_path / 'gta', palette_image(IDS)), tmp_path / 'out'

    # permissions do not stop root
    def refuse(dir):
        if root in (dir, *dir.parents):
            raise OSError(errno.EROFS, 'Read-only file system', str(dir))
        return make(dir=dir)

    make = conversion.require_writable.__globals__['TemporaryFile']
    monkeypatch.setattr('mmseg_balance.files.writing.TemporaryFile', refuse)
    with pytest.raises(SystemExit) as error:
        convert('gta', root)
    message = 'nothing can be written there (Read-only file system)'
    assert f'{root}/labels: {message}' in str(error.value)
    assert '--out-dir' in str(error.value)
    capsys.readouterr()
    convert('gta', root, '--out-dir', out)
    # the data set as it is told to be set
    lines = capsys.readouterr().out.rsplit('together with\n')[1].splitlines()
    settings = eval(f'dict({",".join(lines)})')
    assert list(settings) == ['data_root', 'data_prefix']
    labels = step(settings.pop('data_root'), **settings)
    np.testing.assert_array_equal(labels['00001.png'], TRAIN_IDS)


# -- SYNTHIA -----------------------------------------------------------------
def synthia(root, channels):
    """Class ids first, instances second, as the data set's README says."""
    file = root / 'GT/LABELS/0000000.png'
    file.parent.mkdir(parents=True)
    ids = np.array([0, 3, 2, 1, 8, 21, 22])[IDS % 7]
    instances = np.arange(ids.size).reshape(ids.shape) + 300
    if channels == 2:
        file.write_bytes(grey_alpha_png(np.stack([ids, instances], 2)))
    else:
        bgr = np.stack([0 * ids, instances, ids], axis=2)
        cv2.imwrite(str(file), bgr.astype(np.uint16))
    save(root / 'RGB/0000000.png', picture().convert('RGBA'))
    return file, np.array([255, 0, 2, 10, 13, 3, 255])[IDS % 7]


@pytest.mark.parametrize('channels', [2, 3])
def test_synthia_as_downloaded(tmp_path, step, channels):
    _, expected = synthia(tmp_path, channels)
    convert('synthia', tmp_path)
    labels = step(
        tmp_path, 'SYNTHIADataset',
        data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
    )  # fmt: skip
    np.testing.assert_array_equal(labels['0000000.png'], expected)


@pytest.mark.parametrize('channels', [2, 3])
def test_synthia_saved_anew_with_8_bits_is_refused(tmp_path, channels):
    file, _ = synthia(tmp_path, channels)
    with Image.open(file) as image:
        image.load()
    # all class ids are below 256, so the upper bytes say nothing
    first = 3 if channels == 2 else 1
    assert np.asarray(image)[..., :first].max() <= 1
    image.save(file)
    with pytest.raises(SystemExit) as error:
        convert('synthia', tmp_path)
    assert 'expected a 16-bit image of 2 or 3 channels' in str(error.value)
    assert 'take the file as downloaded' in str(error.value)


# -- Cityscapes --------------------------------------------------------------
def cityscapes(root, kind, split, stem, ids):
    label = f'{kind}/{split}/ulm/ulm_{stem}_{kind}_labelIds.png'
    save(root / label, Image.fromarray(ids.astype(np.uint8)))
    image = root / f'leftImg8bit/{split}/ulm/ulm_{stem}_leftImg8bit.png'
    save(image, picture())


def test_cityscapes_labels_that_are_there_already_are_kept(tmp_path, step):
    for split in ('train', 'val'):
        cityscapes(tmp_path, 'gtFine', split, '000000_000019', IDS)
    # of cityscapesScripts, which draws polygons anew: an edge a pixel away
    theirs = TRAIN_IDS.astype(np.uint8)
    theirs[2:5, 4] = theirs[2:5, 5]
    assert 0 < (theirs != TRAIN_IDS).sum() < 4
    file = 'gtFine/train/ulm/ulm_000000_000019_gtFine_labelTrainIds.png'
    save(tmp_path / file, Image.fromarray(theirs))
    convert('cityscapes', tmp_path)
    (name,), (counts,) = load_class_counts(tmp_path)
    assert name == file and counts.sum() == (theirs != 255).sum()
    labels = step(
        tmp_path, 'CityscapesDataset',
        data_prefix=dict(
            img_path='leftImg8bit/train', seg_map_path='gtFine/train'
        ),
    )  # fmt: skip
    (label,) = labels.values()
    np.testing.assert_array_equal(label, theirs)
    notes = json.loads((tmp_path / 'conversion_notes.json').read_text())
    pixels = int((theirs != TRAIN_IDS).sum())
    assert notes['other_tool'] == [dict(file=file, pixels=pixels)]
    # a class that is not near is no edge
    theirs[0, 0] = 14
    save(tmp_path / file, Image.fromarray(theirs))
    with pytest.raises(SystemExit, match='row 0, column 0 is 14, expected'):
        convert('cityscapes', tmp_path)


def test_coarse_labels_and_train_extra(tmp_path, step):
    for split in ('train', 'val', 'train_extra'):
        cityscapes(tmp_path, 'gtCoarse', split, '000001_000019', IDS)
    convert('cityscapes', tmp_path, '--gt-dir', 'gtCoarse')
    assert len(load_class_counts(tmp_path)[0]) == 1
    labels = step(
        tmp_path, 'CityscapesDataset',
        seg_map_suffix='_gtCoarse_labelTrainIds.png',
        data_prefix=dict(
            img_path='leftImg8bit/train_extra',
            seg_map_path='gtCoarse/train_extra',
        ),
    )  # fmt: skip
    (label,) = labels.values()
    np.testing.assert_array_equal(label, TRAIN_IDS)
    notes = json.loads((tmp_path / 'conversion_notes.json').read_text())
    assert not any(notes.values())
