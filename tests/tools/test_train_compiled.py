"""--compile and --channels-last train the same model."""

import json

import pytest
import torch
from torch._dynamo.utils import counters


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch.compiler.set_stance('default')
    torch._dynamo.reset()


def hooks(backend='aot_eager'):
    """Settings of the hook, faster to compile than those of the flag."""
    return [
        dict(type='IterationSeedHook'),
        dict(type='CompileHook', backend=backend),
    ]


def weights(folder, iteration=6):
    return torch.load(folder / f'iter_{iteration}.pth')['state_dict']


def close(a, b):
    assert list(a) == list(b)
    for name, value in a.items():
        torch.testing.assert_close(
            value, b[name], rtol=1e-3, atol=1e-4, msg=name
        )


def scores(folder):
    logged = next(folder.glob('*/vis_data/scalars.json')).read_text()
    return json.loads(logged.splitlines()[-1])['mIoU']


def test_compiled_runs_resume_and_agree(run_tool, tiny_config, tmp_path):
    seed = [dict(type='IterationSeedHook')]
    flags = ['--compile', '--channels-last']
    runs = {name: tmp_path / name for name in ('plain', 'compiled', 'resumed')}
    config = tiny_config(custom_hooks=seed)
    run_tool('train.py', config, '--work-dir', runs['plain'])
    assert not counters['frames']
    config = tiny_config(custom_hooks=hooks())
    run_tool('train.py', config, '--work-dir', runs['compiled'], *flags)
    assert counters['frames']['ok'] > 0
    close(weights(runs['compiled']), weights(runs['plain']))
    assert scores(runs['compiled']) == pytest.approx(
        scores(runs['plain']), abs=0.5
    )

    runs['resumed'].mkdir()
    for file in ('iter_3.pth', 'last_checkpoint'):
        text = (runs['compiled'] / file).read_bytes()
        (runs['resumed'] / file).write_bytes(text)
    (runs['resumed'] / 'last_checkpoint').write_text(
        str(runs['resumed'] / 'iter_3.pth')
    )
    config = tiny_config(custom_hooks=hooks())
    run_tool(
        *('train.py', config, '--work-dir', runs['resumed'], *flags),
        '--resume',
    )
    close(weights(runs['resumed']), weights(runs['compiled']))
    # and a checkpoint of either kind is one of the other
    run_tool('test.py', tiny_config(), runs['compiled'] / 'iter_6.pth')


def test_flags_add_hooks_once(run_tool, tiny_config):
    from mmengine.config import Config

    from mmseg_balance.configuration.run_options import add_hook

    cfg = Config.fromfile(tiny_config())
    for _ in range(2):
        add_hook(cfg, 'CompileHook')
    assert cfg.custom_hooks == [dict(type='CompileHook')]
    cfg.custom_hooks = hooks()
    add_hook(cfg, 'CompileHook')
    add_hook(cfg, 'ChannelsLastHook')
    assert cfg.custom_hooks == [*hooks(), dict(type='ChannelsLastHook')]


def test_a_backend_that_does_not_work_is_one_line(
    run_tool, tiny_config, tmp_path
):
    config = tiny_config(custom_hooks=hooks('nonsense'))
    with pytest.raises(
        SystemExit, match=r"error: --compile: .*'nonsense'.*drop --compile"
    ):
        run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    assert not list(tmp_path.glob('run/*.pth'))
