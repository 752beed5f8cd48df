"""Flow that is written for the videos of a config."""

import json

import cv2
import numpy as np
import pytest
from helpers.panned_clip import STEP, clip_set, write_clip
from mmengine.config import Config

from mmseg_balance.cli.main import main
from mmseg_balance.optical_flow import dis_flow, read_flow, write_flow
from mmseg_balance.runs.data.flow import write_flow_of


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path)


def config_of(clip, **target):
    data = clip_set(clip)
    data['data_prefix']['flow_path'] = 'flow'
    data = {k: v for k, v in {**data, **target}.items() if v is not ...}
    source = clip_set(clip)
    return Config(
        dict(
            train_dataloader=dict(
                dataset=dict(type='UDADataset', source=source, target=data)
            ),
            # the same images and folder, for an evaluation
            val_dataloader=dict(dataset=data),
        )
    )


def names(clip):
    return sorted(p.name for p in (clip / 'flow').iterdir())


def test_flow_there_and_back_goes_on_where_it_stopped(clip, capsys):
    cfg = config_of(clip)
    cfg.dump(clip / 'cfg.py')
    main(['data', 'flow', str(clip / 'cfg.py'), '--nproc', '1'])
    found = capsys.readouterr().out
    assert found.endswith(
        f'train_dataloader.dataset.target: flow of 3 pairs: {clip / "flow"}\n'
    )
    pairs = [f'pan_{n:04d}' for n in (11, 12, 13)]
    expected = [f'{p}{end}.png' for p in pairs for end in ('', '_reverse')]
    assert names(clip) == ['optical_flow.json', *expected]
    frames = [cv2.imread(str(clip / f'img/pan_{n:04d}.png')) for n in (11, 12)]
    flow, valid = read_flow(clip / 'flow/pan_0012.png')
    assert valid.all()
    np.testing.assert_allclose(flow, dis_flow(*frames[::-1]), atol=1 / 127)
    back, _ = read_flow(clip / 'flow/pan_0012_reverse.png')
    np.testing.assert_allclose(back, dis_flow(*frames), atol=1 / 127)
    assert np.median(flow[..., 0]) == pytest.approx(STEP, abs=0.05)
    assert np.median(back[..., 0]) == pytest.approx(-STEP, abs=0.05)
    for file in ('pan_0011.png', 'pan_0013_reverse.png'):
        (clip / 'flow' / file).unlink()
    before = (clip / 'flow/pan_0012.png').stat().st_mtime_ns
    (again,) = write_flow_of(cfg, nproc=1)
    assert (again.new, again.kept) == (2, 1)
    assert (clip / 'flow/pan_0012.png').stat().st_mtime_ns == before


def test_flow_of_other_settings_is_not_mixed(clip):
    write_flow_of(config_of(clip), preset='fast', reverse=False)
    assert 'pan_0011_reverse.png' not in names(clip)
    record = json.loads((clip / 'flow/optical_flow.json').read_text())
    assert (record['preset'], record['previous']) == ('fast', 1)
    text = "preset='fast'.*preset='medium' is asked for: name another folder"
    with pytest.raises(ValueError, match=text):
        write_flow_of(config_of(clip))


def test_flow_of_others_is_kept(clip):
    exact = np.full((64, 96, 2), 2.5, np.float32)
    for number in (11, 12, 13):
        write_flow(clip / f'flow/pan_{number:04d}.png', exact)
    with pytest.raises(ValueError, match='pan_0011.png was not written by'):
        write_flow_of(config_of(clip))
    assert len(names(clip)) == 3
    assert (read_flow(clip / 'flow/pan_0011.png')[0] == exact).all()


@pytest.mark.parametrize('suffix', ['.flo', '.npy'])
def test_other_formats(clip, suffix):
    write_flow_of(config_of(clip, flow_suffix=suffix), 'fast')
    flow, _ = read_flow(clip / f'flow/pan_0011{suffix}')
    assert flow.shape == (64, 96, 2)


def test_bad_frames_are_named_when_all_others_are_done(clip):
    (clip / 'img/pan_0010.png').write_bytes(b'no image')
    cv2.imwrite(str(clip / 'img/pan_0013.png'), np.zeros((32, 96, 3), 'u1'))
    text = (
        r'(?s)2 of 3 files failed:.*pan_0010.png cannot be decoded.*'
        r'pan_0013.png and .*pan_0012.png: the frames have 96 x 32 and '
        r'96 x 64 pixels'
    )
    with pytest.raises(ValueError, match=text):
        write_flow_of(config_of(clip))
    assert 'pan_0012.png' in names(clip)


def test_configs_that_name_no_flow(clip):
    cfg = config_of(clip, data_prefix=dict(img_path='img'))
    with pytest.raises(ValueError, match=r'flow_path=.flow/train.'):
        write_flow_of(cfg)
    with pytest.raises(ValueError, match='target.previous is not set'):
        write_flow_of(config_of(clip, previous=None))
    cfg = config_of(clip, type='FolderDataset', previous=...)
    with pytest.raises(ValueError, match='target is a FolderDataset, which'):
        write_flow_of(cfg)
