"""tools/benchmarks/overhead_cases.py: steps are what docs/speed.md says."""

import pytest


@pytest.mark.parametrize(
    'net, num_classes, size', [('lite0', 11, 256), ('mit-b0', 19, 512)]
)
@pytest.mark.parametrize('kind', ['dacs', 'blda'])
def test_networks_of_steps(run_tool, kind, net, num_classes, size):
    tool = run_tool.load('benchmarks/overhead_cases.py')
    tool.init_default_scope('mmseg')
    model = tool.step_model(kind, net)
    assert model.num_classes == num_classes
    assert tuple(model.data_preprocessor.size) == (size, size)
    head = model.student.decode_head
    assert type(head).__name__ == 'SegformerHead'
    assert head.conv_seg.out_channels == num_classes
    assert (model.density is not None) == (kind == 'blda')
    if kind == 'blda':
        assert head.loss_decode.statistics.num_classes == num_classes
