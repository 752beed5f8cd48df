"""What a step launches: operators as CUDA runs them, by part."""

import ast
import importlib
import json
import re
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mmseg_balance.logits import kernels

# calls that are kernels of their own
LAUNCHED = {
    *('clone', 'copy_', 'fill_', 'zero_', 'to', 'float', 'half', 'bool'),
    *('zeros', 'ones', 'full', 'arange', 'zeros_like', 'ones_like'),
    *('new_zeros', 'new_ones', 'new_full', 'full_like', 'cat', 'stack'),
    *('sum', 'mean', 'sort', 'argsort', 'cumsum', 'amax', 'amin', 'where'),
}


@pytest.fixture
def tool(run_tool, tools, monkeypatch):
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    return run_tool.load('benchmarks/step_launches.py')


@pytest.fixture
def lists(tool):
    return sys.modules['launches.multi_tensor']


def empty(*shape, **options):
    return torch.empty(shape, device='meta', **options)


def test_views_memory_and_the_host_are_no_launches(tool):
    values, host = empty(4, 3), torch.zeros(4, 3)
    with tool.Launches() as found:
        # one that makes 12 floats, one that writes 12, one of 3
        (values.t()[None] + 1).mul_(2).squeeze(0).sum(1)
        torch.empty_like(values)
        host.add_(1).sum().item()
        host.to('meta')  # a copy of 12, waited for
        values.copy_(host, non_blocking=True)
    assert found.names == {
        'aten::add': 1,
        'aten::mul_': 1,
        'aten::sum': 1,
        'aten::_to_copy': 1,
        'aten::copy_': 1,
    }
    assert found.total == (5, 4 * (12 + 12 + 3 + 12 + 12), 1)


def test_as_counted_is_one_for_each_operator(tool):
    values = torch.zeros(4, 3)
    with tool.Launches(as_counted=True) as found:
        (values.t()[None] + 1).mul_(2).squeeze(0).sum(1)
        torch.empty_like(values)
        torch._foreach_lerp_([values], [values], 0.5)
    assert found.names.total() == 5
    assert found.written == 4 * (12 + 12 + 3 + 12)


def test_custom_operators_are_one_launch(tool):
    @torch.library.custom_op('mmseg_balance_test::fill', mutates_args=['out'])
    def fill(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    @fill.register_fake
    def _(values, out):
        return (values + 1).half()  # nothing within is counted

    with tool.Launches() as found:
        fill(empty(5), empty(7))
    assert found.names == {'mmseg_balance_test::fill': 1}
    assert found.total == (1, 2 * 5 + 4 * 7, 0)


def test_kernels_within_custom_operators_are_known(tool):
    """What their bodies call of PyTorch beside their program."""
    known = sys.modules['launches.costs'].KERNELS
    found = {}
    for file in Path(kernels.__file__).parent.glob('*.py'):
        for function in ast.parse(file.read_text()).body:
            decorators = getattr(function, 'decorator_list', [])
            for decorator in filter(is_custom_op, decorators):
                name = decorator.args[0].value
                found[name] = 1 + sum(
                    isinstance(node, ast.Call)
                    and getattr(node.func, 'attr', '') in LAUNCHED
                    for node in ast.walk(function)
                )
    assert len(found) > 5
    assert {k: v for k, v in found.items() if v > 1} == known


def is_custom_op(decorator):
    return (
        isinstance(decorator, ast.Call)
        and getattr(decorator.func, 'attr', '') == 'custom_op'
    )


@pytest.mark.parametrize(
    ('sizes', 'number', 'kernels'),
    [
        ([1] * 110, 1, 1),
        ([1] * 111, 1, 2),
        ([1] * 64, 2, 1),
        ([1] * 65, 2, 2),
        ([1] * 36, 4, 1),
        ([1] * 37, 4, 2),
        ([65536 * 320], 1, 1),
        ([65536 * 320 + 1], 1, 2),
        ([65536 * 319, 1, 1], 1, 2),  # the last one is the 321st block
        ([65536 * 319 + 1, 1], 1, 2),
        ([65537] * 160, 3, 4),  # 48, 48, 48, 16 tensors
        ([0, 0], 1, 0),
        ([0, 5, 0], 1, 1),
        ([], 1, 0),
    ],
)
def test_kernels_of_lists(lists, sizes, number, kernels):
    fits = lists.limits('12.8')
    assert lists.count_kernels(sizes, number, fits) == kernels


def test_kernels_of_lists_since_cuda_13(lists):
    fits = lists.limits('13.0')
    assert lists.count_kernels([1] * 252, 4, fits) == 1
    assert lists.count_kernels([1] * 253, 4, fits) == 2
    assert lists.count_kernels([65536 * 2240 + 1], 4, fits) == 2
    assert lists.count_kernels([1] * 673, 1, fits) == 1
    assert lists.count_kernels([1] * 673, 1, fits, has_scalars=True) == 2


def test_limits_are_those_of_the_installed_pytorch(lists):
    header = Path(torch.__file__).parent.joinpath(
        'include/ATen/native/cuda/MultiTensorApply.cuh'
    )
    if not header.exists():
        pytest.skip('this build of PyTorch has no headers for CUDA')
    text = header.read_text()

    def numbers(name):
        found = re.findall(rf'int32_t {name}\[5\]\s*=\s*{{([\d, ]+)}}', text)
        return [tuple(map(int, each.split(','))) for each in found]

    assert f'kChunkSize = {lists.CHUNK};' in text
    known = lists.SINCE_CUDA_13, lists.BEFORE_CUDA_13
    if len(numbers('depth_to_max_tensors')) == 1:  # older than CUDA 13
        known = known[1:]
    assert numbers('depth_to_max_tensors') == [each.tensors for each in known]
    assert numbers('depth_to_max_tensors_scalarlist') == [
        each.tensors_with_scalars for each in known
    ]
    assert numbers('depth_to_max_blocks') == [
        (each.blocks,) * 5 for each in known
    ]


def test_lists_that_differ_go_one_by_one(tool):
    alike = [empty(4, 6) for _ in range(5)]
    turned = [empty(6, 4).t() for _ in range(5)]
    halves = [empty(4, 6, dtype=torch.half) for _ in range(5)]
    # the stride of a single row is nothing
    rows = [[empty(1, 6)], [empty(1, 6).as_strided((1, 6), (2, 1))]]
    with tool.Launches() as found:
        torch._foreach_lerp_(alike, alike, 0.5)
        torch._foreach_lerp_(*rows, 0.5)
    assert found.names['aten::_foreach_lerp_'] == 2
    assert found.written == 4 * (5 * 24 + 6)
    with tool.Launches() as found:
        torch._foreach_mul_(alike, turned)
        torch._foreach_add_(alike, halves)
    assert found.names == {'aten::_foreach_mul_': 5, 'aten::_foreach_add_': 5}


@pytest.mark.parametrize(
    ('options', 'launches'),
    [
        # steps, of the host, are none; 8 operators else, each once
        ({}, 8),
        (dict(foreach=False), 3 * 8),
        (dict(fused=True), 2),
    ],
)
def test_optimizers_as_on_cuda(tool, options, launches):
    parameters = [nn.Parameter(empty(4, 6)) for _ in range(3)]
    for parameter in parameters:
        parameter.grad = empty(4, 6)
    with tool.optimizers_as_on_cuda():
        optimizer = torch.optim.AdamW(parameters, **options)
        optimizer.step()
        with tool.Launches() as found:
            optimizer.step()
    assert found.total.launches == launches
    if 'fused' in options:  # parameters, two moments, the number of steps
        assert found.written == 4 * 3 * (3 * 24 + 1)


def words(tool, monkeypatch, *options):
    monkeypatch.setattr(sys, 'argv', ['step_launches.py', *map(str, options)])
    tool.main()


def test_rows_parts_json_and_plot(tool, monkeypatch, tmp_path, capsys):
    options = '--methods daformer --balances none blda --backbone mit-b0'
    options = [*options.split(), '--size', 64, '--batch', 1]
    words(tool, monkeypatch, *options, '--out', tmp_path)
    text = capsys.readouterr().out
    saved = json.loads((tmp_path / 'steps_launches.json').read_text())
    plain, balanced = saved['rows']
    assert plain['launches'] == sum(plain['names'].values()) > 500
    for row in saved['rows']:
        for key in ('launches', 'written', 'syncs'):
            assert row[key] == sum(p[key] for p in row['parts'].values())
    own = {'sampling', 'EM', 'table', 'density'}
    assert balanced['parts'].keys() - plain['parts'].keys() == own
    # what BLDA has no part in is as it was
    for part in ('teacher', 'mixing', 'feature distance'):
        assert balanced['parts'][part] == plain['parts'][part]
    assert plain['parts']['teacher']['launches'] > 100
    # of the three groups, by settings, of AdamW; and of the teacher
    assert plain['names']['aten::_fused_adamw_'] == 3
    assert plain['names']['aten::_foreach_lerp_'] == 1
    # of a number it is one that CUDA copies from the host, and waits for
    assert 'aten::index_put_' not in balanced['names']
    more = balanced['launches'] - plain['launches']
    assert more > 0
    assert f'+{more} launches (+{more / plain["launches"]:.1%})' in text
    assert 'Launches by part' in text and 'Written MB by part' in text
    assert (tmp_path / 'steps_launches.png').stat().st_size > 5000

    earlier = dict(plain, launches=2 * plain['launches'])
    before = tmp_path / 'before.json'
    before.write_text(json.dumps(dict(rows=[earlier])))
    options[3:5] = ['none']
    words(tool, monkeypatch, *options, '--before', before)
    text = capsys.readouterr().out
    count = plain['launches']
    assert f'daformer, none: {2 * count} -> {count} launches' in text
    assert f'{-count} launches (-50.0%)' in text


@pytest.mark.parametrize(
    ('option', 'value', 'error'),
    [('--before', 'no.json', FileNotFoundError), ('--cuda', 'x', SystemExit)],
)
def test_what_cannot_work_ends_before_it_counts(
    tool, monkeypatch, option, value, error
):
    monkeypatch.setattr(tool, 'count_launches', None)
    with pytest.raises(error):
        words(tool, monkeypatch, option, value)


@pytest.mark.parametrize('method', ['minent', 'adaptsegnet'])
def test_methods_with_other_networks_and_optimizers(tool, method):
    case = tool.Case(method, 'gbw', size=64, images=1)
    found = tool.count_launches(case, cuda='12')
    assert {'student', 'loss', 'backward', 'optimizer'} <= found.parts.keys()
    assert 'teacher' not in found.parts


def test_a_part_that_moved_is_missed(tool, monkeypatch):
    parts = sys.modules['launches.parts']
    path = 'mmseg_balance.models.uda.segmentor:UDASegmentor.gone'
    monkeypatch.setitem(parts.FUNCTIONS, path, 'teacher')
    with (
        pytest.raises(LookupError, match=r'UDASegmentor\.gone .*parts\.py'),
        parts.told_apart(tool.Launches()),
    ):
        raise AssertionError('never reached')
    assert (
        vars(parts.found(path.replace('gone', 'prepare'))[0])[
            'prepare'
        ].__closure__
        is None
    )  # everything is put back


def test_cases_that_align_features(tool):
    """Those of the script beside this one, alignment_cost.py."""
    cases = sys.modules['step_cases']
    found = [cases.case_config(cases.Case(m)).model for m in cases.ALIGNED]
    assert [model.type for model in found] == ['SIM', 'PHFA', 'PHFA']
    assert [bool(m.feature_alignment) for m in found] == [True, True, False]
    assert all(m.segmentor.decode_head.type == 'DLV2Head' for m in found)
    cost = importlib.import_module('alignment_cost')
    name, *times = cost.map_row(16, 24, 1)
    assert name == '16 x 24'
    assert all(float(milliseconds) > 0 for milliseconds in times)
