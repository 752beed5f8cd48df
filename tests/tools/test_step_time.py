"""The table of training steps: its rows, and what is counted."""

import json
import sys

import pytest
import torch
from mmengine.config import Config
from torch.nn import functional as F


@pytest.fixture
def load(run_tool, tools, monkeypatch):
    """Load a script of tools/benchmarks, which imports its neighbours."""
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    return lambda name: run_tool.load(f'benchmarks/{name}.py')


@pytest.fixture
def tool(load):
    return load('step_time')


@pytest.fixture
def memory(load):
    return load('step_memory')


def call(tool, monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['step_time.py', *map(str, args)])


def table(text):
    lines = [x for x in text.splitlines() if x.startswith('| ')]
    return [[c.strip() for c in x.strip('|').split('|')] for x in lines[2:]]


def test_rows_json_and_plot(tool, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(tool, 'peak_memory', lambda make, case: 12.0)
    options = ['--size', 64, '--batch', 1, '--repeats', 1, '--device', 'cpu']
    options += ['--methods', 'daformer', 'reference', '--out', tmp_path]
    call(tool, monkeypatch, *options)
    tool.main()
    rows = table(capsys.readouterr().out)
    assert [row[:3] for row in rows] == [
        ['reference', 'no', 'float32'],
        ['daformer', 'no', 'float32'],
        ['daformer', 'yes', 'float32'],
    ]
    assert rows[0][4] == '1.000'
    assert all(float(row[3]) > 0 and row[5] == '12' for row in rows)
    saved = json.loads((tmp_path / 'steps_cpu.json').read_text())
    assert [row['method'] for row in saved['rows']] == [r[0] for r in rows]
    assert saved['machine']['torch'] == torch.__version__
    assert (tmp_path / 'steps_cpu.png').stat().st_size > 5000


def test_cases_of_all_options(tool, monkeypatch):
    call(
        tool,
        monkeypatch,
        *('--precision', 'float32', 'amp', '--compile', '--device', 'cpu'),
        *('--channels-last', '--with-cp', '--backbone', 'mit-b5'),
    )
    groups = tool.timed_groups(tool.parse_args())
    methods = [{case.method for case in cases} for cases in groups]
    daformer = {'daformer', 'reference'}
    others = ({'hrda'}, {'mic'}, {'cdac'})
    assert methods == [{'source_only'}, {'dacs'}, daformer, *others]
    assert [len(cases) for cases in groups] == [8, 8, 9, 8, 8, 8]
    first = groups[2][0]
    assert first.method == 'reference' and first.precision == 'float32'
    assert not (first.compiled or first.channels_last or first.with_cp)
    assert len(set(groups[4])) == 8
    assert tool.mode(groups[4][-1]._asdict()) == (
        'amp, compiled, channels_last, with_cp'
    )


def test_models_are_those_of_the_configs(load, tools):
    cases = load('step_cases')
    for method, name in (
        ('daformer', 'daformer/daformer_blda'),
        ('hrda', 'hrda/hrda_blda'),
        ('mic', 'mic/mic_hrda_blda'),
    ):
        case = cases.Case(method, 'blda')
        cfg = cases.case_config(case)
        side = cfg.model.segmentor.data_preprocessor.size[0]
        path = f'{name}_mit-b5_40k_gta2cityscapes-{side}x{side}.py'
        expected = Config.fromfile(tools.parent / 'configs' / path)
        backbone = expected.model.segmentor.backbone
        backbone.update(init_cfg=None, with_cp=False)
        assert cfg.model == expected.model
        assert cfg.optim_wrapper == expected.optim_wrapper
    cfg = cases.case_config(cases.Case('hrda', net='mit-b0', size=64))
    assert cfg.model.segmentor.detail_crop_size == (32, 32)
    attention = cfg.model.segmentor.decode_head.attention
    assert attention.in_channels == [32, 64, 160, 256]


def test_storages_are_counted_while_they_live(memory):
    weight = torch.empty(250, device='meta')
    with memory.LiveStorages([weight]) as meter:
        assert meter.live == 1000
        doubled = weight * 2
        view = doubled[:10].view(2, 5)  # takes nothing
        doubled += 1
        assert meter.live == 2000
        del doubled
        assert meter.live == 2000  # the view holds it
        del view
        assert meter.live == 1000
        (weight * 2).to(torch.float64)
    assert (meter.live, meter.peak) == (1000, 4000)


def test_saved_tensors_are_counted_once(memory):
    weight = torch.randn(4, 8, requires_grad=True)
    inputs = torch.randn(16, 4)
    saved = memory.SavedTensors([weight])
    with saved:
        hidden = inputs @ weight  # needs both; the weight is there anyway
        loss = hidden.exp().sum()  # needs its result
        hidden.cos().sum().backward(retain_graph=True)  # needs its input
    assert saved.take() == 4 * (16 * 4 + 16 * 8 + 16 * 8)
    assert saved.take() == 0
    expected = torch.autograd.grad(loss, weight)[0]
    torch.testing.assert_close(
        expected, inputs.T @ (inputs @ weight).exp().detach()
    )


def test_a_step_is_counted_as_it_is(load, memory):
    cases = load('step_cases')
    case = cases.Case('daformer', net='mit-b0', size=64)
    counted = memory.count_step(case)

    model, wrapper = cases.build(case)
    data = cases.random_batch(model, 2, torch.Generator().manual_seed(0))
    backward, sizes = wrapper.backward, []
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes(), tensor.detach()
        return tensor.detach()

    def noted(loss):
        own = {p.data_ptr() for p in model.parameters()}
        sizes.append(sum(v[0] for k, v in kept.items() if k not in own))
        backward(loss)
        kept.clear()

    wrapper.backward = noted
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        for i in range(2):
            torch.manual_seed(i)
            cases.iterate(model, data, wrapper)
    # the fused kernel of a GPU keeps other small things than that of a CPU
    assert counted['saved'] == pytest.approx(max(sizes), rel=0.03)

    student = sum(p.numel() for p in model.student.parameters())
    backbone = sum(p.numel() for p in model.student.backbone.parameters())
    assert counted['parameters'] == counted['gradients'] == 4 * student
    assert counted['teacher'] == 4 * student
    assert counted['frozen'] == 4 * backbone
    # two moments, and the number of steps of each parameter
    count = len(list(model.student.parameters()))
    assert counted['optimizer'] == 8 * student + 4 * count
    held = sum(v for k, v in counted.items() if k != 'peak')
    assert held - counted['gradients'] < counted['peak'] < 1.5 * held


def test_checkpointing_and_blda_show_in_the_count(
    tool, memory, monkeypatch, tmp_path, capsys
):
    options = ['--count', '--methods', 'source_only', '--size', 64]
    call(tool, monkeypatch, *options, '--out', tmp_path)
    tool.main()
    rows = table(capsys.readouterr().out)
    assert [row[:3] for row in rows] == [
        ['source_only', blda, with_cp]
        for blda in ('no', 'yes')
        for with_cp in ('no', 'yes')
    ]
    saved = json.loads((tmp_path / 'steps_count.json').read_text())['rows']
    plain, with_cp, blda, _ = saved
    assert with_cp['saved'] < 0.9 * plain['saved']
    assert with_cp['parameters'] == plain['parameters']
    # the 1 x 1 convolution of density estimation, 256 channels to 1
    assert blda['parameters'] - plain['parameters'] == 4 * (256 + 1)
    assert blda['buffers'] > plain['buffers']
    assert plain['frozen'] == 0
    # everything is put back
    assert F.scaled_dot_product_attention is not memory._fused_attention
