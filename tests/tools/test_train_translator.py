"""A translator through the tools: trained, resumed, drawn, refused."""

import shutil
from pathlib import Path

import pytest
import torch
from helpers.comparison import assert_equal, losses
from mmengine.config import Config

from mmseg_balance.cli.main import main
from mmseg_balance.runs.trained_parts import trained_segmentor

OPTIMIZER = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)),
)
DECAY = dict(
    type='LinearLR',
    start_factor=1.0,
    end_factor=0.0,
    begin=3,
    end=7,
    by_epoch=False,
)
BOTH = ('generator', 'discriminator')


@pytest.fixture
def translator_config(uda_config, tmp_path):
    """Write the config of a translator on the tiny data."""

    def write(name='translator', segmentation=None, **changes) -> Path:
        cfg = Config.fromfile(uda_config())
        cfg.model = dict(
            type='CycleGAN',
            data_preprocessor=dict(size=(40, 48)),
            generator=dict(
                type='ResnetGenerator', num_blocks=1, base_channels=4
            ),
            discriminator=dict(
                type='PatchDiscriminator', base_channels=4, num_layers=2
            ),
            pool_size=2,
        )
        if segmentation is not None:
            cfg.model.segmentation = segmentation
        cfg.optim_wrapper = dict(
            constructor='NamedOptimWrapperConstructor',
            **{k: OPTIMIZER for k in BOTH},
        )
        cfg.param_scheduler = {k: [DECAY] for k in BOTH}
        cfg.custom_hooks = [dict(type='TrainingPicturesHook', interval=3)]
        cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
        cfg.merge_from_dict(changes)
        path = tmp_path / f'{name}.py'
        cfg.dump(path)
        return path

    return write


@pytest.fixture
def segmentation(run_tool, tiny_config, tmp_path):
    """Config and checkpoint of a segmentor that was trained."""
    config = tiny_config()
    run_tool('train.py', config, '--work-dir', tmp_path / 'segmentor')
    checkpoint = tmp_path / 'segmentor/iter_6.pth'
    return dict(config=str(config), checkpoint=str(checkpoint))


def load(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize('arguments', [(), ('--amp',)])
def test_a_resumed_run_goes_on_as_if_nothing_had_happened(
    arguments, run_tool, translator_config, segmentation, tmp_path, capfd
):
    config = translator_config(segmentation=segmentation)
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    run_tool('train.py', config, '--work-dir', whole, *arguments)
    said = capfd.readouterr()
    assert 'lacks IterationSeedHook' in said.err
    assert 'dry run: one training step' in said.out + said.err
    resumed.mkdir()
    shutil.copy(whole / 'iter_3.pth', resumed)
    again = translator_config('again', segmentation)
    run_tool('train.py', again, '--work-dir', resumed, '--resume', *arguments)
    a, b = (load(folder / 'iter_6.pth') for folder in (whole, resumed))
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_equal(a[part], b[part], part)
    assert set(a['optimizer']) == set(BOTH)
    assert a['state_dict']['fake_B_pool.images'].abs().sum() > 0
    assert int(a['state_dict']['fake_A_pool.num_filled']) == 2
    # its weights are in a file of their own
    assert not any('segmentation' in key for key in a['state_dict'])
    first, second = losses(whole), losses(resumed)
    assert first[6] == second[6]
    wanted = ('gan', 'cycle', 'identity', 'ppl', 'ppl_recon')
    for domain in ('source', 'target'):
        assert f'discriminator.loss_{domain}' in first[2]
        for name in wanted:
            assert f'{domain}.loss_{name}' in first[2]
    rates = [
        load(whole / f'iter_{i}.pth')['optimizer']['generator'][
            'param_groups'
        ][0]['lr']
        for i in (3, 6)
    ]
    assert rates == pytest.approx([2e-4, 0], abs=1e-12)
    pictures = whole.glob('*/vis_data/vis_image/training_*.png')
    names = {file.name for file in pictures}
    assert names == {
        f'training_{i}_{n}.png' for i in (0, 1) for n in (1, 3, 6)
    }
    # what the run keeps of its config names the segmentor
    (kept,) = whole.glob('*.py')
    model = Config.fromfile(kept).model
    assert model.segmentation.type == 'EncoderDecoder'
    checkpoint = segmentation['checkpoint']
    assert model.segmentation.init_cfg.checkpoint == checkpoint


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            dict(segmentation=dict(config='x.py')),
            r'model.segmentation is.*expected dict\(config=.*checkpoint=',
        ),
        (
            dict(segmentation=dict(config='x.py', checkpoint='x', of='y')),
            "part='teacher' if need be",
        ),
        (
            dict(segmentation=dict(config='nowhere.py', checkpoint='x')),
            'model.segmentation: no config file nowhere.py',
        ),
        (
            {'model.data_preprocessor.size': (32, 32)},
            r'size is \(32, 32\).*crops of \(40, 48\)',
        ),
        (
            {'train_dataloader.dataset.target': None},
            r'CycleGAN learns from target images',
        ),
        (
            {
                'optim_wrapper.student': OPTIMIZER,
                'param_scheduler.student': [DECAY],
            },
            r"has optimizers \['discriminator', 'generator'\]",
        ),
        ({'model.generator.num_block': 3}, 'did you mean num_blocks'),
    ],
)
def test_what_cannot_work_is_one_line(
    changes, message, run_tool, translator_config, tmp_path
):
    config = translator_config(**changes)
    with pytest.raises(SystemExit, match=f'(?s)^error: .*{message}') as error:
        run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    assert '\n' not in str(error.value).strip()


def test_what_asks_for_labels_is_refused(
    run_tool, translator_config, tmp_path
):
    config, path = translator_config(), tmp_path / 'a.pth'
    torch.save(dict(state_dict={'netG_A.model.1.weight': torch.ones(1)}), path)
    told = '^error: .*CycleGAN, which translates images.*mmseg-balance tran'
    with pytest.raises(SystemExit, match=told):
        run_tool('test.py', config, path, '--work-dir', tmp_path / 'test')
    for words in (
        ('predict', config, path, '--input', path, '--out', tmp_path / 'x'),
        ('checkpoint', 'export', config, path, tmp_path / 'exported'),
    ):
        with pytest.raises(SystemExit, match=told):
            main([str(word) for word in words])
    assert not (tmp_path / 'exported').exists()


def test_browse_shows_what_is_translated(
    run_tool, translator_config, tmp_path
):
    # the network of the perceptual loss is not asked for
    config = translator_config(
        segmentation=dict(config='nowhere.py', checkpoint='nowhere.pth')
    )
    out = tmp_path / 'pictures'
    main(['browse', str(config), '--out', str(out), '--num', '2'])
    assert len(list(out.glob('*.png'))) == 2


def test_a_segmentor_of_another_checkpoint_is_refused(
    run_tool, translator_config, segmentation, tmp_path
):
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict={'backbone.x': torch.zeros(1)}), path)
    other = dict(segmentation, checkpoint=str(path))
    config = translator_config(segmentation=other)
    with pytest.raises(SystemExit, match='other.pth does not fit model.segme'):
        run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    gone = translator_config(segmentation=dict(other, checkpoint='gone.pth'))
    with pytest.raises(SystemExit, match='segmentation.init_cfg.checkpoint'):
        run_tool('train.py', gone, '--work-dir', tmp_path / 'run')


def test_the_part_of_a_uda_model_that_predicts(uda_config):
    given = dict(config=str(uda_config()), checkpoint='a.pth')
    for part, prefix in ((None, 'student.'), ('teacher', 'teacher.')):
        found = trained_segmentor('x', given | dict(part=part))
        assert found.type == 'EncoderDecoder'
        assert found.init_cfg == dict(
            type='Pretrained', checkpoint='a.pth', prefix=prefix
        )
        assert found.decode_head.loss_decode.type == 'CrossEntropyLoss'
