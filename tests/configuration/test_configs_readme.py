"""``configs/README.md``: its examples resolve to what they say."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.evaluation.published.rows import ROWS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
README = (CONFIGS / 'README.md').read_text()
ROW, OWN_ROOT, MIC, OWN_SETS = re.findall('```python\n(.*?)```', README, re.S)


@pytest.fixture
def read(tmp_path):
    (tmp_path / 'configs').symlink_to(CONFIGS)

    def read_block(text, name='block'):
        file = tmp_path / f'{name}.py'
        file.write_text(text)
        cfg = Config.fromfile(file)
        check_parts(cfg)
        assert not [k for k in cfg if k.startswith(('balance_', 'uda_'))]
        return cfg

    return read_block


@pytest.mark.parametrize('folder', ['./configs/', 'mmseg_balance::'])
def test_a_row_from_another(read, folder):
    name = 'daformer/daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py'
    row = read(ROW.replace('./configs/', folder)).to_dict()
    assert row == Config.fromfile(CONFIGS / name).to_dict()


def test_a_line_a_choice(read):
    cfg = read(OWN_ROOT)
    assert cfg.train_dataloader.dataset.source.data_root == 'data/my_simulator'
    cfg.train_dataloader.dataset.source.data_root = 'data/gta'
    name = 'daformer/daformer_gbw_mit-b5_40k_gta2cityscapes-512x512.py'
    assert cfg.to_dict() == Config.fromfile(CONFIGS / name).to_dict()


def test_mic_on_top(read):
    read(OWN_ROOT, 'my_config')
    cfg = read(MIC)
    assert cfg.model.type == 'MIC'
    assert cfg.model.masked_consistency.block_size == 64
    assert cfg.model.segmentor.decode_head.loss_decode.type == 'GBWLoss'


def test_sets_of_ones_own(read):
    cfg = read(OWN_SETS)
    loaders = cfg.val_dataloader, cfg.test_dataloader
    sets = [*(loader.dataset for loader in loaders)]
    train = cfg.train_dataloader.dataset
    for each in [*sets, train.source, train.target]:
        assert len(each.metainfo.classes) == 4
        assert each.pipeline[0].type == 'LoadImageFromFile'
    crops = [t for t in train.source.pipeline if t.type == 'RandomCrop']
    size = cfg.model.segmentor.data_preprocessor.size
    assert [crop.crop_size for crop in crops] == [size] == [(256, 256)]
    cfg.model.segmentor.backbone.init_cfg = None
    init_default_scope('mmseg')
    model = MODELS.build(cfg.model)
    loss = model.student.decode_head.loss_decode
    assert loss.statistics.num_classes == model.student.num_classes == 4


def test_every_row_of_the_papers_has_its_config():
    lines = dict(re.findall(r'\| `([\w.+-]+)` (\|.*)', README))
    for row in ROWS:
        data, name = row.name.split('/')
        if data.startswith(('viper', 'visda')):
            table = ''.join(row.tables)
            line = f'| `{row.name}` | {table} | `{row.config[8:-3]}` |'
            assert line in README
            continue
        gta, synthia, stem = lines[name].split('|')[-4:-1]
        tables = dict(gta=gta, synthia=synthia)[data].strip()
        assert tables == ', '.join(row.tables), row.name
        file = row.config.removeprefix('configs/')
        pair = 'cityscapes' if 'oracle' in name else f'{data}2cityscapes'
        assert file.startswith(stem.strip('` ') + f'_{pair}')
