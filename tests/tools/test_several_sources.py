"""Trainings on two sources, through the tools."""

import shutil

import pytest
import torch
from helpers.comparison import assert_equal, losses
from mmengine.config import Config

ITERS = 6


@pytest.fixture
def two_sources(uda_config):
    """Config of DACS with BLDA on two sources; keywords are of the pair."""

    def write(**pair):
        path = uda_config()
        cfg = Config.fromfile(path)
        first = cfg.train_dataloader.dataset.source
        prefix = dict(img_path='img/val', seg_map_path='ann/val')
        second = Config(dict(first, data_prefix=prefix))._cfg_dict
        cfg.train_dataloader.dataset.update(source=[first, second], **pair)
        cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
        cfg.default_hooks.logger.interval = 1
        cfg.dump(path)
        return path

    return write


def train(run_tool, config, folder, *words, **options):
    # of one name, mmengine would write the scalars of the run before
    options['visualizer.name'] = str(folder)
    options = [f'{key}={value}' for key, value in options.items()]
    words = '--work-dir', folder, *words, '--cfg-options', *options
    run_tool('train.py', config, *words)


def weights(folder, iteration=ITERS):
    return torch.load(folder / f'iter_{iteration}.pth', weights_only=True)


def test_dacs_learns_from_two_sources_and_logs_each(
    run_tool, two_sources, tmp_path
):
    names = ['daytime', 'dusk']
    config = two_sources(source_weights=[1, 2], source_names=names)
    train(run_tool, config, tmp_path / 'run')
    logged = losses(tmp_path / 'run')
    counts = weights(tmp_path / 'run')['message_hub']['runtime_info']
    counts = counts['source_samples']
    assert sum(counts.values()) == 2 * ITERS
    assert min(counts.values()) > 0
    last = logged[ITERS]
    for name in names:
        share = last[f'source.share/{name}']
        assert share == pytest.approx(counts[name] / (2 * ITERS), abs=1e-4)
    # the second batch is of the second source alone
    assert 'source.loss/dusk' in logged[2]


def test_resumed_in_either_phase(run_tool, two_sources, tmp_path, capfd):
    """Bit for bit, of sources that take turns."""
    config = two_sources(progressive=[3], source_names=['first', 'second'])
    whole = tmp_path / 'whole'
    train(run_tool, config, whole)
    output = capfd.readouterr()
    output = output.out + output.err
    assert 'samples are of first from iteration 0 on' in output
    assert 'samples are of second from iteration 3 on' in output
    logged = losses(whole)
    assert [logged[i]['source.share/second'] for i in (3, 4, 6)] == [
        0,
        0.25,
        0.5,
    ]
    # mmengine logs losses as the mean over the last ones, ten at most
    sums = [i * logged[i]['src.decode.loss_blda'] for i in sorted(logged)]
    for i in (3, 4, 6):
        mean = sums[i - 1] / i if i == 3 else (sums[i - 1] - sums[2]) / (i - 3)
        key = 'source.loss/' + ('first' if i == 3 else 'second')
        assert logged[i][key] == pytest.approx(mean, abs=1e-4)
    # what is drawn no more has no loss
    assert 'source.loss/first' not in logged[4]
    for stopped in (2, 3, 5):
        folder = tmp_path / f'stopped_{stopped}'
        shutil.copytree(whole, folder)
        for i in range(stopped + 1, ITERS + 1):
            (folder / f'iter_{i}.pth').unlink()
        (folder / 'last_checkpoint').write_text(
            str(folder / f'iter_{stopped}.pth')
        )
        for file in folder.glob('*/vis_data/scalars.json'):
            lines = file.read_text().splitlines()[:stopped]
            file.write_text(''.join(f'{line}\n' for line in lines))
        train(run_tool, config, folder, '--resume')
        assert losses(folder) == logged
        a, b = weights(whole), weights(folder)
        for part in ('state_dict', 'optimizer', 'param_schedulers'):
            assert_equal(a[part], b[part], part)
        counts = b['message_hub']['runtime_info']['source_samples']
        assert counts == dict(first=6, second=6)


def test_a_source_that_never_has_its_turn(
    run_tool, two_sources, tmp_path, capfd
):
    config = two_sources(progressive=[ITERS])
    train(run_tool, config, tmp_path / 'run')
    output = capfd.readouterr()
    assert (
        f'progressive has {ITERS}, and train_cfg.max_iters is {ITERS}: what '
        'is to be learnt from then on is never drawn'
    ) in output.out + output.err


def test_crops_that_make_no_batch(run_tool, two_sources, tmp_path):
    config = two_sources(source_names=['a', 'b'])
    cfg = Config.fromfile(config)
    for source, size in zip(
        cfg.train_dataloader.dataset.source, (32, 64), strict=True
    ):
        crop = dict(type='RandomCrop', crop_size=(size, size))
        source.pipeline.insert(2, crop)
    cfg.dump(config)
    message = r'of one batch.*source\[0\] \(32, 32\), source\[1\] \(64, 64\)'
    with pytest.raises(SystemExit, match=message):
        train(run_tool, config, tmp_path / 'run')


def test_the_hook_without_several_sources(run_tool, uda_config, tmp_path):
    config = uda_config(hooks=[dict(type='SourceSharesHook')])
    with pytest.raises(SystemExit, match='SourceSharesHook is for a UDADatas'):
        train(run_tool, config, tmp_path / 'run')


def test_another_sampler_stops_before_the_first_iteration(
    run_tool, two_sources, tmp_path
):
    config = two_sources(progressive=[3])
    option = {'train_dataloader.sampler.type': 'InfiniteSampler'}
    with pytest.raises(SystemExit, match='progressive: which source is'):
        train(run_tool, config, tmp_path / 'run', **option)
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_what_else_reads_the_sources(
    run_tool, two_sources, tmp_path, monkeypatch, capfd
):
    """Pictures, a check of all files, and a pass over whole images."""
    monkeypatch.chdir(tmp_path)
    config = two_sources(source_weights=[1, 1])
    train(run_tool, config, 'run')
    checkpoint = f'run/iter_{ITERS}.pth'
    run_tool('browse.py', config, '--num', 2, '--checkpoint', checkpoint)
    assert len(list(tmp_path.glob('work_dirs/*/browse/sample_*.png'))) == 2
    tool = 'analysis_tools/fit_logit_statistics.py'
    run_tool(tool, config, checkpoint, '--out', 's.pth')
    output = capfd.readouterr()
    assert '11 images' in output.out + output.err
