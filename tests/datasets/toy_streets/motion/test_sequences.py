"""Moving toy streets on disk."""

import json
import runpy

import numpy as np
import pytest
from helpers.paths import ROOT
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.loading.preparation import preparation
from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    draw_sequence,
    generate_toy_sequences,
)
from mmseg_balance.datasets.toy_streets.motion import generate
from mmseg_balance.optical_flow import read_flow

SMALL = ToySequences(
    num_source=4, num_target=1, num_val=4, frames=2, height=64, width=128
)
TOOL = ROOT / 'tools/dataset_converters/toy_sequences.py'


@pytest.fixture(scope='module')
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy_sequences')
    return folder, generate_toy_sequences(folder, SMALL)


def contents(folder):
    return {f: f.read_bytes() for f in folder.rglob('*') if f.is_file()}


def test_files_hold_what_is_drawn(generated):
    folder, counts = generated
    first, second = draw_sequence('target', 'val', 2, SMALL)
    root = folder / 'toy_cityscapes_seq'
    name = 'val/toy/toy_000002_000001'
    image = Image.open(root / f'leftImg8bit_sequence/{name}_leftImg8bit.png')
    np.testing.assert_array_equal(np.asarray(image), second.frame.image)
    label = Image.open(root / f'gtFine/{name}_gtFine_labelTrainIds.png')
    np.testing.assert_array_equal(np.asarray(label), second.frame.label)
    flow, valid = read_flow(root / f'flow/{name}.png')
    np.testing.assert_array_equal(valid, second.flow.visible)
    np.testing.assert_array_equal(flow[valid], second.flow.flow[valid])
    assert first.flow is None
    assert {k: v.shape for k, v in counts.items()} == {
        'source train': (8, 19), 'target train': (2, 19),
        'target val': (8, 19),
    }  # fmt: skip


def test_four_sequences_show_every_class(generated):
    _, counts = generated
    assert (counts['source train'].sum(axis=0) > 0).all()
    assert (counts['target val'].sum(axis=0) > 0).all()


def test_data_sets_read_them_as_they_are(generated):
    folder, counts = generated
    files, listed = load_class_counts(folder / 'toy_viper')
    assert len(files) == 8
    np.testing.assert_array_equal(listed, counts['source train'])
    for kind, root, prefix in (
        (
            'VIPERDataset', 'toy_viper',
            ('train/img', 'train/cls', 'train/flow'),
        ),
        (
            'CityscapesSeqDataset', 'toy_cityscapes_seq',
            ('leftImg8bit_sequence/val', 'gtFine/val', 'flow/val'),
        ),
    ):  # fmt: skip
        keys = ('img_path', 'seg_map_path', 'flow_path')
        config = dict(
            type=kind,
            data_root=str(folder / root),
            data_prefix=dict(zip(keys, prefix)),
            previous=1,
        )
        if kind == 'VIPERDataset':
            config |= dict(every=1, img_suffix='.png')
        dataset = DATASETS.build(config)
        assert len(dataset) == 4  # each second frame of four sequences
        info = dataset.get_data_info(3)
        assert info['frame'] == 1 and info['flow_path'].endswith('1.png')
        assert 'data toy-sequences' in preparation(dataset)


def test_sequence_depends_on_seed_domain_split_and_index_alone():
    first = next(draw_sequence('target', 'train', 0, SMALL)).frame
    np.random.default_rng(1).random()
    other = ToySequences(num_val=9, frames=5, height=64, width=128)
    again = next(draw_sequence('target', 'train', 0, other)).frame
    np.testing.assert_array_equal(first.image, again.image)
    val = next(draw_sequence('target', 'val', 0, SMALL)).frame
    assert (val.label != first.label).any()


def test_an_interrupted_run_goes_on(generated, monkeypatch):
    folder, _ = generated
    before = contents(folder)
    lost = folder / 'toy_viper/train/flow/002/002_00001.png'
    lost.unlink()
    drawn = []
    monkeypatch.setattr(
        generate,
        'draw_sequence',
        lambda *args: drawn.append(args[2]) or draw_sequence(*args),
    )
    generate_toy_sequences(folder, SMALL)
    assert drawn == [2]
    assert contents(folder) == before


def test_other_settings_and_other_files_are_refused(generated, tmp_path):
    folder, _ = generated
    main = runpy.run_path(str(TOOL))['main']
    words = [f'--{k.replace("_", "-")}={v}' for k, v in vars(SMALL).items()]
    with pytest.raises(SystemExit, match=r'frames 2 \(now 3\)'):
        main([str(folder), *words, '--frames=3', '--nproc=1'])
    (tmp_path / 'toy_viper').mkdir()
    (tmp_path / 'toy_viper/photo.jpg').touch()
    with pytest.raises(SystemExit, match='no toy_sequences.json'):
        main([str(tmp_path), '--nproc=1'])
    noted = json.loads((folder / 'toy_viper/toy_sequences.json').read_text())
    assert noted['frames'] == 2


@pytest.mark.parametrize(
    'change', [dict(frames=1), dict(frames=99), dict(height=8)]
)
def test_numbers_out_of_range(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        ToySequences(**change)
