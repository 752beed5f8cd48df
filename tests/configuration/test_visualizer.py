"""Pictures of panoptic models show segments, of classifiers names."""

import pytest

from mmseg_balance.configuration.reading import load_config

TEXT = """
visualizer = dict(type={kind!r}, name='visualizer')
model = dict(type='DAFormer', segmentor=dict({head}))
"""
HEAD = "instance_head=dict(type='CenterOffsetHead')"
SEMANTIC, OWN = 'SegLocalVisualizer', 'MyVisualizer'


@pytest.mark.parametrize(
    'kind, head, expected',
    [
        (SEMANTIC, HEAD, 'PanopticLocalVisualizer'),
        (SEMANTIC, '', SEMANTIC),
        (OWN, HEAD, OWN),
        (SEMANTIC, "type='ImageClassifier'", 'ClassLocalVisualizer'),
        (OWN, "type='ImageClassifier'", OWN),
    ],
)
def test_what_a_model_predicts_is_drawn(tmp_path, kind, head, expected):
    file = tmp_path / 'config.py'
    file.write_text(TEXT.format(kind=kind, head=head))
    assert load_config(str(file)).visualizer.type == expected


def test_a_config_without_visualizer_or_model_is_left_alone(tmp_path):
    file = tmp_path / 'config.py'
    file.write_text('seed = 0\n')
    assert load_config(str(file)).get('visualizer') is None
