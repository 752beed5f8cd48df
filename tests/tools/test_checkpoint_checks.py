"""tools/test.py never scores weights that a checkpoint does not have."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS


@pytest.fixture
def uda_config(tiny_config):
    """A DACS config around the tiny segmentor; keywords change its keys."""

    def write(**changes):
        path = tiny_config()
        cfg = Config.fromfile(path)
        cfg.model = dict(type='DACS', segmentor=cfg.model)
        cfg.merge_from_dict(changes)
        cfg.dump(path)
        return path

    return write


@pytest.fixture
def save(tmp_path):
    """Save the state of a config's model, without some keys."""

    def save(config, drop=None, keep='', strip='', **meta):
        init_default_scope('mmseg')
        state = MODELS.build(Config.fromfile(config).model).state_dict()
        state = {
            key.removeprefix(strip): value
            for key, value in state.items()
            if key.startswith(keep) and not (drop and drop in key)
        }
        path = tmp_path / 'saved.pth'
        torch.save(dict(state_dict=state, meta=meta), path)
        return path

    return save


def refusal(run_tool, tmp_path, config, checkpoint, *options):
    with pytest.raises(SystemExit) as exit_:
        run_tool(
            'test.py',
            config,
            checkpoint,
            *('--work-dir', tmp_path / 'out'),
            *(['--cfg-options', *options] if options else []),
        )
    message = str(exit_.value)
    assert len(message.splitlines()) == 1
    assert not list((tmp_path / 'out').rglob('*.json'))
    return message


def test_teacher_that_the_checkpoint_lacks(
    run_tool, uda_config, save, tmp_path
):
    config = uda_config()
    message = refusal(
        run_tool,
        tmp_path,
        config,
        save(config, drop='teacher.'),
        'model.predict_with=teacher',
    )
    assert "'teacher.backbone." in message and message.count('missing') == 3
    assert 'and ' in message and 'set model.predict_with=student' in message


@pytest.mark.parametrize(
    'key, value',
    [('channels', 8), ('num_classes', 4)],
)
def test_other_shapes(run_tool, uda_config, save, tmp_path, key, value):
    trained = uda_config(**{f'model.segmentor.decode_head.{key}': value})
    message = refusal(run_tool, tmp_path, uda_config(), save(trained))
    assert f'has shape ({value},' in message and 'in the model (' in message
    assert 'checkpoint was trained with' in message


def test_backbone_that_the_checkpoint_lacks(
    run_tool, uda_config, tiny_config, save, tmp_path
):
    for config in (uda_config(), tiny_config()):
        checkpoint = save(config, drop='backbone.')
        message = refusal(run_tool, tmp_path, config, checkpoint)
        assert 'backbone.layers.0' in message and 'missing' in message


def test_plain_weights_in_a_uda_config_and_the_reverse(
    run_tool, uda_config, tiny_config, save, tmp_path
):
    config = uda_config()
    plain = save(config, keep='student.', strip='student.')
    message = refusal(run_tool, tmp_path, config, plain)
    assert 'of a plain segmentor' in message and 'checkpoint export' in message
    message = refusal(run_tool, tmp_path, tiny_config(), save(config))
    assert 'It is of a UDA model' in message and 'checkpoint export' in message


def test_what_predicts_nothing_may_be_missing(
    run_tool, uda_config, save, tmp_path, capsys
):
    config = uda_config()
    run_tool(
        'test.py',
        config,
        save(config, drop='num_batches_tracked', keep='teacher.'),
        *('--work-dir', tmp_path / 'out'),
        *('--cfg-options', 'model.predict_with=teacher'),
    )
    assert capsys.readouterr().out.splitlines()[-1].startswith('scores: ')


def test_classes_of_the_training(run_tool, tiny_config, save, tmp_path):
    config = tiny_config()
    for classes, first in (
        (['sky', 'car', 'road'], "class 1 is 'car' in training and 'road'"),
        (['sky', 'road'], "class 2 is none in training and 'car'"),
    ):
        checkpoint = save(config, dataset_meta=dict(classes=classes))
        message = refusal(run_tool, tmp_path, config, checkpoint)
        assert first in message and str(tuple(classes)) in message
    wide = tiny_config(**{'model.decode_head.num_classes': 4})
    message = refusal(run_tool, tmp_path, wide, save(wide))
    assert 'test_dataloader has 3 classes' in message


def test_an_empty_file(run_tool, uda_config, tmp_path):
    path = tmp_path / 'empty.pth'
    path.touch()
    message = refusal(run_tool, tmp_path, uda_config(), path)
    assert 'empty.pth is no complete checkpoint' in message
