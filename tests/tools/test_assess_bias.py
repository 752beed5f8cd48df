"""tools/analysis_tools/assess_bias.py, on tiny models of random weights."""

import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

TOOL = 'analysis_tools/assess_bias.py'
CLASSES = ['sky', 'road', 'car']
FILES = ['bias.json', 'bias.png', 'logits.png']
PREFIX = 'test_dataloader.dataset.data_prefix'


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Default folders are made below the current one."""
    (tmp_path / 'cwd').mkdir()
    monkeypatch.chdir(tmp_path / 'cwd')


@pytest.fixture
def save(tmp_path):
    """Save random weights of a config's model."""

    def save(config, classes=CLASSES):
        init_default_scope('mmseg')
        model = MODELS.build(Config.fromfile(config).model)
        path = tmp_path / 'weights.pth'
        meta = dict(dataset_meta=dict(classes=classes))
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
        return path

    return save


@pytest.fixture
def trained(tiny_config, save):
    """Config of a segmentor, and its checkpoint."""
    config = tiny_config()
    return config, save(config)


@pytest.fixture
def uda(tiny_config, save):
    """Config of a UDA model and a checkpoint; its teacher differs."""
    path = tiny_config()
    cfg = Config.fromfile(path)
    cfg.model = dict(type='DACS', segmentor=cfg.model)
    cfg.dump(path)
    checkpoint = save(path)
    content = torch.load(checkpoint)
    for key, value in content['state_dict'].items():
        if key.startswith('teacher.') and value.is_floating_point():
            # a variance below 0 would make all logits NaN
            value.uniform_(0 if key.endswith('running_var') else -1, 1)
    torch.save(content, checkpoint)
    return path, checkpoint


@pytest.fixture
def statistics(tmp_path):
    """A file of statistics with given anchors."""

    def write(num_classes=3, mean=5.0, **meta):
        fitted = LogitStatistics(num_classes)
        for bank in (fitted.source, fitted.anchors):
            bank.num_updates.fill_(1)
        fitted.anchors.means.add_(mean)
        path = tmp_path / f'statistics_{num_classes}.pth'
        save_statistics(path, fitted, meta)
        return path

    return write


def refusal(run_tool, *args):
    with pytest.raises(SystemExit) as exit_:
        run_tool(TOOL, *args)
    message = str(exit_.value)
    assert message.startswith('error: ') and len(message.splitlines()) == 1
    return message


def test_files_and_bias_of_the_test_tool(trained, run_tool, tmp_path, capsys):
    out = tmp_path / 'new' / 'out'
    run_tool(TOOL, *trained, '--out', out)
    text = capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == FILES
    for name in FILES[1:]:
        assert cv2.imread(str(out / name)).shape[0] > 100
    content = json.loads((out / 'bias.json').read_text())
    assert content['images'] == 5
    assert content['checkpoint'] == str(trained[1])
    assert content['part'] is content['statistics'] is None
    assert 'the test set itself' in content['anchors']
    assert 'Over-predicted: ' in text and f'wrote {", ".join(FILES)}' in text

    run_tool('test.py', *trained, '--work-dir', tmp_path / 'test')
    scores = json.loads(next((tmp_path / 'test').rglob('*.json')).read_text())
    signs = dict(over_predicted=1, under_predicted=-1)
    for name in CLASSES:
        bias = content['classes'][name]['bias']
        assert bias == pytest.approx(scores[f'Bias.{name}'], abs=1e-9)
        for group, sign in signs.items():
            assert (name in content[group]) == (bias * sign > 0)


def test_default_folder_and_files_of_another_run(
    trained, run_tool, tmp_path, capsys
):
    run_tool(TOOL, *trained)
    out = tmp_path / 'cwd/work_dirs' / trained[0].stem / 'bias'
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(before) == FILES
    (out / 'logits.png').unlink()
    message = refusal(run_tool, *trained)
    assert f'has bias.json, bias.png of {trained[1]}' in message
    assert '--out' in message and '--overwrite' in message
    (out / 'bias.json').write_text('[]')
    assert 'of another run' in refusal(run_tool, *trained)
    run_tool(TOOL, *trained, '--overwrite')
    after = {path.name: path.read_bytes() for path in out.iterdir()}
    assert after['bias.json'] == before['bias.json']
    assert sorted(after) == FILES


def test_folder_that_is_a_file_or_cannot_be_made(trained, run_tool, tmp_path):
    file = tmp_path / 'file'
    file.write_text('kept')
    assert 'is a file' in refusal(run_tool, *trained, '--out', file)
    message = refusal(run_tool, *trained, '--out', file / 'below')
    assert 'cannot be made' in message
    assert file.read_text() == 'kept'


def test_anchors_of_a_file(trained, run_tool, tmp_path, statistics, capsys):
    contents = []
    path = statistics(checkpoint='model.pth', classes=CLASSES)
    for i, options in enumerate(([], ['--statistics', path])):
        run_tool(TOOL, *trained, '--out', tmp_path / f'{i}', *options)
        text = (tmp_path / f'{i}/bias.json').read_text()
        contents.append(json.loads(text))
    own, of_file = contents
    assert of_file['anchors'] == f'{path} (source), which is of model.pth'
    printed = ' '.join(capsys.readouterr().out.split())
    assert f'logits, of {of_file["anchors"]}.' in printed
    for name in CLASSES:
        first, second = (c['classes'][name] for c in contents)
        assert first['bias'] == second['bias']
        assert first['mixture_bias'] == second['mixture_bias']
        # random weights give logits far below 5
        assert second['js_positive'] > max(first['js_positive'], 0.5)


def test_anchors_of_other_weights(uda, run_tool, tmp_path, statistics, capsys):
    def warnings(**meta):
        path = statistics(classes=CLASSES, **meta)
        run_tool(
            TOOL,
            *(*uda, '--statistics', path, '--part', 'teacher'),
            *('--out', tmp_path / 'out', '--overwrite'),
        )
        lines = capsys.readouterr().err.splitlines()
        return [x for x in lines if x.startswith('warning: ')]

    assert warnings(checkpoint=str(uda[1]), part='teacher') == []
    other, part = warnings(checkpoint='other.pth', part='student')
    assert f'they are of other.pth, what predicts is {uda[1]}' in other
    assert "they are the student's, what predicts is the teacher" in part


def test_model_that_is_balanced_already(uda, run_tool, tmp_path, statistics):
    """Its scores are no logits; --part is of the model in it."""
    cfg = Config.fromfile(uda[0])
    cfg.model = dict(
        type='PostHocSegmentor',
        segmentor=cfg.model,
        statistics=str(statistics()),
        domain='source',
    )
    config = tmp_path / 'balanced.py'
    cfg.dump(config)
    for options in ([], ['--part', 'teacher']):
        message = refusal(run_tool, config, uda[1], *options)
        assert f'model of {config} is a PostHocSegmentor' in message
        assert 'give the config of its segmentor' in message


def test_student_and_teacher(uda, run_tool, tmp_path, capsys):
    contents = {}
    for part in ('student', 'teacher', None):
        out = tmp_path / f'{part}'
        options = ['--part', part] if part else []
        run_tool(TOOL, *uda, '--out', out, *options)
        contents[part] = json.loads((out / 'bias.json').read_text())
    output = capsys.readouterr()
    assert f'teacher of {uda[1]} on 5 images' in output.out
    for phase in ('predict', 'fit source', 'bias, Eq. 5', 'divergences'):
        assert f'{phase}: ' in output.err
    assert contents[None] == contents['student']
    assert contents['teacher']['part'] == 'teacher'
    assert contents['teacher']['classes'] != contents['student']['classes']


def test_absent_class(trained, run_tool, tmp_path, street_data, capsys):
    labels = tmp_path / 'labels'
    shutil.copytree(street_data / 'ann/val', labels)
    for path in labels.iterdir():
        label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        label[label == 2] = 255
        cv2.imwrite(str(path), label)
    options = ['--cfg-options', f'{PREFIX}.seg_map_path={labels}']
    out = tmp_path / 'out'
    run_tool(TOOL, *trained, '--out', out, *options)
    content = json.loads((out / 'bias.json').read_text())
    assert content['absent'] == ['car']
    assert content['classes']['car']['bias'] is None
    assert 'Without a labelled pixel: car' in capsys.readouterr().out
    for path in labels.iterdir():
        cv2.imwrite(str(path), np.full((40, 48), 255, np.uint8))
    message = refusal(run_tool, *trained, '--out', tmp_path / 'no', *options)
    assert 'no pixel of test_dataloader.dataset has a label' in message
    assert list((tmp_path / 'no').iterdir()) == []


def test_test_set_without_labels(trained, run_tool, tmp_path, tiny_config):
    out = ['--out', tmp_path / 'out']
    message = refusal(
        run_tool, *trained, *out, '--cfg-options', f'{PREFIX}.seg_map_path=no'
    )
    assert f'{PREFIX}.seg_map_path' in message and 'does not exist' in message
    config = tiny_config()
    cfg = Config.fromfile(config)
    del cfg.test_dataloader.dataset.pipeline[1]
    cfg.dump(config)
    message = refusal(run_tool, config, trained[1], *out)
    assert 'loads no labels' in message and 'LoadAnnotations' in message
    cfg.test_dataloader = None
    cfg.dump(config)
    message = refusal(run_tool, config, trained[1], *out)
    assert 'has no test_dataloader' in message
    assert not out[1].exists()


def test_checkpoint_of_other_classes(trained, run_tool, save, tiny_config):
    other = save(trained[0], ['sky', 'car', 'road'])
    message = refusal(run_tool, trained[0], other)
    assert "class 1 is 'car' in training and 'road'" in message
    wide = tiny_config(**{'model.decode_head.num_classes': 4})
    assert 'does not fit' in refusal(run_tool, trained[0], save(wide))


def test_statistics_that_do_not_fit(trained, run_tool, tmp_path, statistics):
    for path, text in (
        (statistics(4), 'statistics of 4 classes, expected 3'),
        (statistics(classes=['a', 'b', 'c']), 'is of the classes a, b, c'),
        (trained[1], 'has no logit statistics'),
        (tmp_path / 'missing.pth', 'no statistics file'),
    ):
        assert text in refusal(run_tool, *trained, '--statistics', path)


def test_interruption_leaves_no_files(
    trained, run_tool, tmp_path, monkeypatch, capsys
):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        'mmseg_balance.inference.passes.bias_pass.predict_logits', interrupt
    )
    out = tmp_path / 'out'
    with pytest.raises(SystemExit) as exit_:
        run_tool(TOOL, *trained, '--out', out)
    assert exit_.value.code == 130
    assert 'nothing was written' in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_too_few_pixels_for_mixtures(trained, run_tool, tmp_path, street_data):
    """No picture of logits, and none of an earlier run is left."""
    labels = tmp_path / 'labels'
    shutil.copytree(street_data / 'ann/val', labels)
    for path in labels.iterdir():
        label = np.full((40, 48), 255, np.uint8)
        label[20, :18], label[21, :18], label[22, :18] = 0, 1, 2
        cv2.imwrite(str(path), label)
    out = tmp_path / 'out'
    run_tool(TOOL, *trained, '--out', out)
    options = ['--cfg-options', f'{PREFIX}.seg_map_path={labels}']
    run_tool(TOOL, *trained, '--out', out, '--overwrite', *options)
    assert sorted(path.name for path in out.iterdir()) == FILES[:2]
    content = json.loads((out / 'bias.json').read_text())
    assert content['not_fitted'] == CLASSES
    assert content['classes']['sky']['pixels'] == 5 * 18
