"""tools/analysis_tools/sweep_tau.py and --post-hoc of tools/test.py."""

import json
import re

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

SWEEP = 'analysis_tools/sweep_tau.py'
CLASSES = ['sky', 'road', 'car']
METRICS = ('mIoU', 'mAcc', 'IoU_std', 'Acc_std', 'aAcc')


@pytest.fixture
def config(tiny_config):
    return tiny_config()


@pytest.fixture
def checkpoint(config, tmp_path):
    init_default_scope('mmseg')
    torch.manual_seed(1)
    model = MODELS.build(Config.fromfile(config).model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    path = tmp_path / 'trained.pth'
    meta = dict(dataset_meta=dict(classes=CLASSES))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path


@pytest.fixture
def save_banks(tmp_path, checkpoint):
    def save(num_classes=3, fitted=('source', 'target'), **meta):
        statistics = LogitStatistics(num_classes)
        for name in ('anchors', *fitted):
            bank = getattr(statistics, name)
            bank.means.normal_(0, 1)
            bank.num_updates.fill_(1)
        path = tmp_path / 'statistics.pth'
        meta = dict(checkpoint=str(checkpoint), classes=CLASSES) | meta
        save_statistics(path, statistics, meta)
        return path

    return save


@pytest.fixture
def evaluate(run_tool, config, checkpoint, tmp_path, capsys):
    """Scores of tools/test.py with some options."""

    def scores(*options):
        run_tool(
            'test.py',
            config,
            checkpoint,
            *('--work-dir', tmp_path / 'test'),
            *options,
        )
        path = re.search(r'scores: (\S+)', capsys.readouterr().out)[1]
        with open(path) as file:
            return json.load(file)

    return scores


def refusal(run_tool, *args):
    with pytest.raises(SystemExit) as exit_:
        run_tool(*args)
    message = str(exit_.value)
    assert len(message.splitlines()) == 1
    return message


def test_a_sweep_gives_the_scores_of_each_test(
    run_tool, config, checkpoint, save_banks, evaluate, tmp_path, capsys
):
    banks, out = save_banks(), tmp_path / 'out'
    args = [config, checkpoint, banks, '--out', out]
    run_tool(SWEEP, *args, '--taus', 1.2, 0, 0.5)
    printed = capsys.readouterr().out
    assert 'picked on the labels' in printed and f'to {out}' in printed
    assert (out / 'tau_sweep.png').read_bytes()[1:4] == b'PNG'
    found = json.loads((out / 'tau_sweep.json').read_text())
    assert found['images'] == 5 and found['domain'] == 'target'
    assert [row['tau'] for row in found['scores']] == [0, 0.5, 1.2]
    assert set(found['best']) == set(METRICS[:4])
    for row in found['scores']:
        options = [] if row['tau'] == 0 else ['--tau', row['tau']]
        expected = evaluate(
            *(['--post-hoc', banks, *options] if options else [])
        )
        for key in METRICS:
            assert row[key] == pytest.approx(expected[key], abs=1e-3)
    assert found['scores'][0]['IoU'] != found['scores'][1]['IoU']
    # a second sweep takes nothing away from the first
    message = refusal(run_tool, SWEEP, *args)
    assert f'tau_sweep.json, tau_sweep.png of {checkpoint}: ' in message
    assert '--overwrite' in message
    run_tool(SWEEP, *args, '--overwrite', '--domain', 'source')
    again = json.loads((out / 'tau_sweep.json').read_text())
    assert len(again['scores']) == 11 and again['domain'] == 'source'
    assert again['scores'][0] == found['scores'][0]
    assert again['scores'][5]['IoU'] != found['scores'][1]['IoU']


def test_tau_of_the_evaluation(evaluate, save_banks):
    banks = save_banks()
    plain = evaluate()
    differs = {'data_time': 0, 'time': 0, 'origin': 0}
    found = evaluate('--post-hoc', banks, '--tau', '0')
    assert found | differs == plain | differs
    default, one, source = (
        {
            k: v
            for k, v in evaluate('--post-hoc', banks, *o).items()
            if k in METRICS
        }
        for o in ([], ['--tau', '1'], ['--domain', 'source'])
    )
    assert default == one != source


@pytest.mark.parametrize(
    'taus, message',
    [
        (['-1'], '--taus.*but got -1'),
        (['0', 'nan'], '--taus.*but got nan'),
        (['10.5'], '--taus.*from 0 to 10, but got 10.5'),
        ([], '--taus.*but got none'),
    ],
)
def test_grids_out_of_range(run_tool, tmp_path, taus, message):
    """Said before anything is read: there is no such config."""
    args = ['none.py', 'none.pth', 'none.pth', '--out', tmp_path / 'out']
    assert re.search(message, refusal(run_tool, SWEEP, *args, '--taus', *taus))


def test_what_cannot_be_swept(
    run_tool, config, checkpoint, save_banks, tmp_path
):
    out = ['--out', tmp_path / 'out', '--taus', '0', '1']

    def said(config, checkpoint, banks, *more):
        return refusal(run_tool, SWEEP, config, checkpoint, banks, *out, *more)

    assert 'no config file none.py' in said('none.py', checkpoint, 'x.pth')
    missing = said(config, checkpoint, tmp_path / 'none.pth')
    assert 'none.pth: make it with' in missing
    other = said(config, checkpoint, save_banks(4))
    assert 'of 4 classes, expected 3' in other
    unfitted = said(config, checkpoint, save_banks(fitted=('source',)))
    assert "the target: set domain to 'source'" in unfitted
    wrong = said(config, checkpoint, save_banks(classes=['a', 'b', 'c']))
    assert 'is of the classes a, b, c' in wrong
    banks = save_banks()
    assert 'no checkpoint file' in said(config, tmp_path / 'none', banks)
    assert 'name a folder' in said(config, checkpoint, banks, '--out', banks)
    below = said(config, checkpoint, banks, '--out', banks / 'below')
    assert 'cannot be made' in below
    assert not (tmp_path / 'out').exists()


@pytest.fixture
def balanced(config, tmp_path):
    """Write a config whose model is balanced post hoc already."""

    def write(banks, **changes):
        cfg = Config.fromfile(config)
        cfg.model = dict(
            type='PostHocSegmentor',
            segmentor=cfg.model,
            statistics=str(banks),
        )
        cfg.merge_from_dict(changes)
        path = tmp_path / 'balanced.py'
        cfg.dump(path)
        return path

    return write


def test_a_model_that_is_balanced_already(
    run_tool, balanced, checkpoint, save_banks, tmp_path
):
    """Never balanced twice, and its scores are not taken for logits."""
    banks, out = save_banks(), tmp_path / 'out'
    args = balanced(banks), checkpoint
    for message in (
        refusal(run_tool, SWEEP, *args, banks, '--out', out),
        refusal(
            run_tool,
            'test.py',
            *args,
            *('--work-dir', out, '--post-hoc', banks),
        ),
    ):
        assert 'model of' in message and 'balanced.py is a PostHoc' in message
        assert 'give the config of its segmentor' in message
    assert not out.exists()


def test_statistics_of_a_balanced_config(
    run_tool, balanced, checkpoint, save_banks, tmp_path
):
    """Their origin is looked at without --post-hoc too, and under --tta."""
    config = balanced(
        save_banks(checkpoint='runs/other.pth', part='teacher'),
        tta_model=dict(type='SegTTAModel'),
        tta_pipeline=[
            dict(type='LoadImageFromFile'),
            dict(
                type='TestTimeAug',
                transforms=[
                    [dict(type='RandomFlip', prob=p) for p in (0.0, 1.0)],
                    [dict(type='LoadAnnotations')],
                    [dict(type='PackSegInputs')],
                ],
            ),
        ],
    )
    for options in ([], ['--tta']):
        work_dir = tmp_path / f'test{len(options)}'
        args = [config, checkpoint, '--work-dir', work_dir, *options]
        run_tool('test.py', *args)
        (log,) = work_dir.rglob('*.log')
        text = log.read_text()
        assert 'model.statistics: ' in text
        assert 'they are of runs/other.pth' in text
        assert "they are the teacher's" in text
    save_banks(classes=['road', 'sky', 'car'])
    assert 'is of the classes road, sky' in refusal(run_tool, 'test.py', *args)


def test_the_part_of_a_balanced_config(
    run_tool, balanced, checkpoint, save_banks, tmp_path
):
    config = balanced(save_banks())
    cfg = Config.fromfile(config)
    cfg.model.segmentor = dict(type='DACS', segmentor=cfg.model.segmentor)
    cfg.dump(config)
    message = refusal(
        run_tool,
        'test.py',
        *(config, checkpoint, '--work-dir', tmp_path / 'out'),
        *('--cfg-options', 'model.predict_with=teacher'),
    )
    assert 'did you mean model.segmentor.predict_with?' in message


def test_statistics_of_other_weights(
    run_tool, config, checkpoint, save_banks, evaluate, tmp_path, capsys
):
    banks = save_banks(checkpoint='runs/other.pth')
    args = [config, checkpoint, banks, '--out', tmp_path / 'out']
    run_tool(SWEEP, *args, '--taus', '0')
    error = capsys.readouterr().err
    assert 'warning: ' in error and 'they are of runs/other.pth' in error
    evaluate('--post-hoc', banks)
    (log,) = (tmp_path / 'test').rglob('*.log')
    assert 'they are of runs/other.pth' in log.read_text()


@pytest.mark.parametrize(
    'options, message',
    [
        (['--tau', '1'], '--tau without --post-hoc'),
        (['--domain', 'source'], '--domain without --post-hoc'),
        (['--post-hoc', 'none.pth'], 'none.pth: make it with'),
        (['--post-hoc', 'BANKS', '--tau', '-1'], '`tau`.*but got -1'),
    ],
)
def test_options_of_the_evaluation(
    run_tool, config, checkpoint, save_banks, tmp_path, options, message
):
    banks = save_banks()
    options = [banks if o == 'BANKS' else o for o in options]
    said = refusal(
        run_tool,
        'test.py',
        config,
        checkpoint,
        *('--work-dir', tmp_path / 'out'),
        *options,
    )
    assert re.search(message, said)
