import json
import sys
from dataclasses import replace

import pytest
import torch
from helpers.paths import ROOT
from mmengine.config import Config

CAMVID = 'lite0_2k_camvid-day2camvid-dusk-192x192'


@pytest.fixture
def tool(run_tool, tools, monkeypatch):
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    return run_tool.load('benchmarks/method_table.py')


@pytest.fixture
def runs(tool):
    """Where its trainings and tests are."""
    return sys.modules['method_runs']


@pytest.fixture
def write(tool, tmp_path):
    """Write the result of a run, as if it had been made before."""

    def write(method, seed, mark, offset=0.0):
        part = {
            c: 10.0 * i + offset
            for i, c in enumerate(tool.GROUPS['camvid'].columns)
        }
        sweep = dict(scores=[part | dict(tau=1.0)])
        data = dict(student=part, teacher=part, tau_sweep=sweep)
        if mark == 'current':
            mark = tool.experiment(
                tool.GROUPS['camvid'], method, seed, tmp_path
            ).fingerprint
        if mark is not None:
            data['fingerprint'] = mark
        file = tmp_path / 'out' / f'{method}_seed{seed}.json'
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(data))
        return file

    return write


@pytest.fixture
def start(run_tool, tools, tmp_path, monkeypatch):
    """Run the tool in a folder of its own, with relative paths."""
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    monkeypatch.chdir(tmp_path)

    def start(*args):
        return run_tool(
            'benchmarks/method_table.py',
            *('--out', 'out', '--work-dir', 'work', '--methods', 'dacs'),
            *args,
        )

    return start


def rows(text):
    return [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('|')
    ]


def test_mean_and_sample_std_over_the_seeds(tool, write, tmp_path):
    write('dacs', 0, None, offset=1.0)
    write('dacs', 1, None, offset=3.0)
    write('source_only', 0, None, offset=0.26)
    header, _, *body = rows(
        tool.table(
            (group := tool.GROUPS['camvid']),
            tmp_path / 'out',
            [0, 1, 2],
            list(group.rows),
        )
    )
    assert header[:3] == ['Method', 'Part', 'mIoU'] and len(body) == 6
    # one value has no spread
    assert body[0] == [
        *('Source only', 'student', '0.3', '10.3', '20.3', '30.3', '1'),
    ]
    # mean 2, std sqrt(((1 - 2)^2 + (3 - 2)^2) / 1)
    assert body[2][:3] == ['Source only + post-hoc, tau 1', 'student', '0.3']
    assert body[4] == [
        *('DACS', 'teacher', '2.0 +- 1.4', '12.0 +- 1.4', '22.0 +- 1.4'),
        *('32.0 +- 1.4', '2'),
    ]


@pytest.mark.parametrize(
    'mark, found',
    [(None, 'no fingerprint'), ('0123456789ab', "'0123456789ab'")],
)
def test_results_of_other_code_are_refused(start, write, capsys, mark, found):
    file = write('dacs', 0, mark)
    before = file.read_bytes()
    with pytest.raises(SystemExit) as exit_:
        start('--seeds', 0)
    message = str(exit_.value)
    assert f'{file} has ' in message and found in message
    assert 'Move them away' in message and '--allow-mixed' in message
    assert '| DACS' not in capsys.readouterr().out

    for option in ('--table', '--allow-mixed'):
        start('--seeds', 0, option)
        output = capsys.readouterr()
        assert '| DACS | teacher | 0.0 |' in output.out
        (line,) = output.err.splitlines()
        assert line.startswith(f'warning: {file} has ') and found in line
    assert file.read_bytes() == before


def test_a_run_without_a_sweep_has_no_row_of_post_hoc_balancing(
    tool, write, tmp_path
):
    for seed in (0, 1):
        file = write('dacs', seed, None, offset=2.0 * seed)
    content = json.loads(file.read_text())
    del content['tau_sweep']
    file.write_text(json.dumps(content))
    group, out = tool.GROUPS['camvid'], tmp_path / 'out'
    *_, last = rows(tool.table(group, out, [0, 1], ['dacs']))
    assert last[:3] == ['DACS + post-hoc, tau 1', 'student', '0.0']
    assert last[-1] == '1'
    assert len(rows(tool.table(group, out, [1], ['dacs']))) == 4


def test_a_seed_never_has_the_scores_of_another(start, write, tmp_path):
    file = write('dacs', 1, 'current')
    content = json.loads(file.read_text())
    content['settings'] = dict(seed=0, others=[], cfg={})
    file.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match='scores of seed 0, and its name say'):
        start('--seeds', 1, '--table')


def test_current_results_are_taken_as_they_are(start, write, tmp_path, capsys):
    write('dacs', 0, 'current')
    start('--seeds', 0)
    output = capsys.readouterr()
    assert '| DACS | student | 0.0 |' in output.out and output.err == ''
    assert not (tmp_path / 'work').exists()


def test_result_keeps_its_fingerprint(tool, runs, tmp_path, monkeypatch):
    calls = []
    group = replace(tool.GROUPS['camvid'], sweeps=False, signals=False)

    def score(run, name, options):
        calls.append((name, options))
        return {'mIoU': 1.23456789, 'time': 3.0}

    monkeypatch.setattr(runs.Experiment, 'test', score)
    monkeypatch.setattr(runs.Experiment, 'train', lambda run, arguments: None)
    tool.finish(
        group, 'dacs_ola_tau0.5', 1, tmp_path / 'work', tmp_path / 'out'
    )
    file = tmp_path / 'out' / 'dacs_ola_tau0.5_seed1.json'
    run = tool.experiment(group, 'dacs_ola_tau0.5', 1, tmp_path / 'work')
    found = json.loads(file.read_text())
    assert found['fingerprint'] == run.fingerprint
    assert found['student'] == found['teacher'] == dict(mIoU=1.2346)
    assert found['device'] == runs.device()
    assert tool.stale(file, run) is None
    # what differs is named, in the result of another tau, seed and torch
    found['fingerprint'] = '0123456789ab'
    cfg = found['settings']['cfg']
    cfg['model']['segmentor']['decode_head']['loss_decode']['tau'] = 0.1
    found['settings']['seed'] = 3
    found['versions']['torch'] = '1.0'
    file.write_text(json.dumps(found))
    line = tool.stale(file, run)
    assert line.startswith(f'{file} has torch was 1.0, is {torch.__version__}')
    assert line.endswith(
        'model.segmentor.decode_head.loss_decode.tau was 0.1, is 0.5; seed '
        'was 3, is 1'
    )
    assert calls == [
        (f'camvid_day2dusk_{part}', {'model.predict_with': part})
        for part in group.parts
    ]
    head = run.cfg.model.segmentor.decode_head
    assert head.loss_decode.tau == 0.5 and run.seed == 1

    monkeypatch.setattr(runs.Experiment, 'is_current', lambda run: False)
    tool.finish(group, 'dacs', 1, tmp_path / 'work', tmp_path / 'out')
    file = tmp_path / 'out' / 'dacs_seed1.json'
    run = tool.experiment(group, 'dacs', 1, tmp_path / 'work')
    assert 'changed while it ran' in tool.stale(file, run)


def test_each_group_has_rows_and_a_table_of_its_own(tool, monkeypatch):
    found = set()
    for name, group in tool.GROUPS.items():
        argv = ['method_table.py', '--group', name, '--seeds', '1', '0', '1']
        monkeypatch.setattr(sys, 'argv', argv)
        args = tool.parse_args()
        assert args.seeds == [1, 0]
        assert args.methods == list(group.rows)
        assert args.out == tool.ROOT / 'docs/benchmarks' / group.folder
        found.add(args.table_file)
        for method, row in group.rows.items():
            config = tool.ROOT / 'configs' / row.config
            assert config.is_file(), method
    assert len(found) == len(tool.GROUPS)


def test_rows_of_a_gpu_need_one(start, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit, match='--group camvid-gpu are trained on'):
        start('--group', 'camvid-gpu', '--seeds', '0')


def test_runs_say_what_they_are_of(runs, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda: 'A card')
    assert runs.device() == 'A card'
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert runs.device() == 'cpu'


def test_a_method_of_another_group_is_named(tool, monkeypatch, capsys):
    argv = ['method_table.py', '--group', 'digits', '--methods', 'dacs']
    monkeypatch.setattr(sys, 'argv', argv)
    with pytest.raises(SystemExit):
        tool.parse_args()
    error = capsys.readouterr().err
    assert "--group digits has no 'dacs': expected one of source-only" in error


def test_classifiers_have_one_part_and_the_size_of_their_bias(
    tool, runs, tmp_path, monkeypatch
):
    calls = []

    def test(run, name, options):
        calls.append((name, options))
        biases = {'Bias.0': -3.0, 'Bias.1': 1.0}
        return dict(mAcc=90.0, Acc_std=2.0, aAcc=91.0, **biases)

    monkeypatch.setattr(runs.Experiment, 'test', test)
    monkeypatch.setattr(
        runs.Experiment,
        'train',
        lambda run, arguments: calls.append(arguments),
    )
    group = tool.GROUPS['digits']
    tool.finish(group, 'mic_blda', 2, tmp_path / 'work', tmp_path / 'out')
    assert calls == [('--channels-last',), ('digits_student', {})]
    header, _, row = rows(
        tool.table(group, tmp_path / 'out', [2], ['mcc', 'mic_blda'])
    )
    assert header[2:6] == ['mAcc', 'Acc_std', '\\', 'Bias\\']
    assert row == [
        *('MIC + BLDA', 'student', '90.0', '2.0', '2.0', '91.0', '1'),
    ]


@pytest.mark.parametrize('name', ['camvid', 'camvid2iddlite', 'carrots'])
def test_rows_of_pairs_are_what_they_are_called(tool, tmp_path, name):
    group = tool.GROUPS[name]
    seen = set()
    assert set(group.post_hoc) <= set(group.rows)
    for method in group.rows:
        cfg = tool.experiment(group, method, 0, tmp_path).cfg
        # which source only has no pseudo-labels for
        noted = 'balance_signals' in cfg.default_hooks
        assert noted == (not method.startswith('source_only')), method
        head = cfg.model.segmentor.decode_head
        loss = head.get('loss_decode', dict(type='CrossEntropyLoss'))
        seen.add(cfg.pretty_text)
        assert loss.get('num_classes', head.num_classes) == head.num_classes
        assert head.num_classes == group.data.num_classes
        blda = '_blda' in method or '_ola' in method
        assert (loss.type == 'BLDALoss') == blda, method
        if 'tau' in method:
            assert loss.tau == float(method.split('tau')[1])
        dense = cfg.model.get('density_estimation') is not None
        assert dense == ('_blda' in method), method
        if blda:
            # of the paper's 1500 none would pass in so short a run
            assert loss.warmup == loss.min_samples == 'auto'
        rare = cfg.train_dataloader.dataset.rare_class_sampling is not None
        former = method.startswith(('daformer', 'mic'))
        assert rare == (method.endswith('rcs') or former), method
        criterion = loss.criterion if 'criterion' in loss else loss
        for key, kind in {
            'gbw': 'GBWLoss',
            'focal': 'SoftmaxFocalLoss',
            'class-balanced': 'ClassBalancedLoss',
            'logit-adjustment': 'LogitAdjustmentLoss',
        }.items():
            if f'_{key}' in method:
                assert criterion.type == kind
        if criterion.type == 'GBWLoss':
            released = criterion.get('mode') == 'released'
            assert released == ('released' in method)
            assert cfg.custom_hooks[-1].interval == 10
        if criterion.type == 'ClassBalancedLoss':
            assert criterion.beta == group.data.beta < 0.9999
        for hook in cfg.custom_hooks:
            if hook.type == 'ClassStatisticsHook':
                assert hook.stats_dir == group.data.stats_dir
    assert len(seen) == len(group.rows)


VARIANTS = {
    'warmup-1500': dict(warmup=1500),
    'min-samples-100': dict(min_samples=100),
    'alpha-0.999': dict(alpha=0.999),
    'papers': dict(warmup=1500, min_samples=100, alpha=0.999),
    'momentum-auto': dict(momentum='auto'),
    'soft': dict(target_assignment='soft'),
    'confidence': dict(target_assignment='confidence'),
    'threshold-0.9': dict(target_threshold=0.9),
    'adjust-source': dict(adjust='source'),
}
ABLATIONS = {
    'K-1': dict(num_components=1),
    'K-3': dict(num_components=3),
    'momentum-0': dict(momentum=0.0),
    'momentum-0.9': dict(momentum=0.9),
    'T-1': dict(em_loops=1),
    'lambda-1': dict(loss_weight=1.0),
}


@pytest.mark.parametrize('name', ['camvid', 'camvid2iddlite', 'carrots'])
@pytest.mark.parametrize(
    'kind, expected', [('variants', VARIANTS), ('ablation', ABLATIONS)]
)
def test_variants_differ_in_what_they_are_called(
    tool, tmp_path, name, kind, expected
):
    group = tool.GROUPS[f'{name}-{kind}']
    methods = list(group.rows)
    cfgs = [tool.experiment(group, m, 0, tmp_path).cfg for m in methods]
    base = methods.index('dacs_blda_tau0.5')
    # in both tables, of one training and one file
    for method in methods[: base + 1]:
        runs = [
            tool.experiment(tool.GROUPS[key], method, 0, tmp_path)
            for key in (name, f'{name}-{kind}')
        ]
        assert runs[0].folder == runs[1].folder
        assert runs[0].fingerprint == runs[1].fingerprint
    assert group.folder == tool.GROUPS[name].folder
    assert cfgs[base].model.alpha == 'auto'
    before = settings_of(cfgs[base])
    changed = {}
    for method, cfg in zip(methods[base + 1 :], cfgs[base + 1 :], strict=True):
        changed[method.split('tau0.5_')[1]] = {
            key: value
            for key, value in settings_of(cfg).items()
            if value != before.get(key)
        }
    assert changed == expected


def settings_of(cfg):
    """What the rows of variants differ in."""
    model = cfg.model
    loss = dict(model.segmentor.decode_head.loss_decode)
    return loss | dict(model.density_estimation, alpha=model.alpha)


def test_more_rows_of_camvid(tool, tmp_path):
    group = tool.GROUPS['camvid-more']
    assert group.folder == tool.GROUPS['camvid'].folder
    seen = set()
    for method in group.rows:
        cfg = tool.experiment(group, method, 0, tmp_path).cfg
        seen.add(cfg.pretty_text)
        loss = cfg.model.segmentor.decode_head.get('loss_decode', {})
        head = cfg.model.segmentor.decode_head
        fusion = head.get('head', head).decoder_params.fusion_cfg
        context = 'with context' in group.rows[method].name
        assert fusion.type == ('aspp' if context else 'conv'), method
        source = loss.get('adjust') == 'source'
        assert source == (method == 'dacs_ola-source_tau0.5')
        assert cfg.model.type == {
            'dacs': 'DACS',
            'hrda': 'HRDA',
            'mic': 'MIC',
        }.get(method.split('_')[0]), method
    assert len(seen) == len(group.rows) == 12


def test_balance_methods_of_tables_are_those_of_the_configs(tool, tmp_path):
    seen = []
    for name in ('camvid', 'camvid-more'):
        group = tool.GROUPS[name]
        for method in group.rows:
            file = ROOT / f'configs/dacs/{method}_{CAMVID}.py'
            if not (method.startswith('dacs_') and file.is_file()):
                continue
            seen.append(method.removeprefix('dacs_'))
            row = tool.experiment(group, method, 0, tmp_path).cfg
            own = Config.fromfile(file)
            for cfg in (row, own):
                loss = cfg.model.segmentor.decode_head.get('loss_decode', {})
                if loss.get('type') == 'SoftmaxFocalLoss':
                    loss.setdefault('focal_gamma', 2.0)  # its default
            for key in (
                *('model', 'train_dataloader', 'optim_wrapper'),
                *('param_scheduler', 'train_cfg', 'test_evaluator'),
            ):
                assert row[key] == own[key], (method, key)
            assert hooks_of(row) == hooks_of(own), method
    assert sorted(seen) == [
        *('blv', 'class-balanced', 'focal', 'gbw', 'inverse-image'),
        *('inverse-pixel', 'lbw', 'logit-adjustment', 'rcs', 'seesaw'),
    ]


def hooks_of(cfg):
    """Hooks by type, and how often they act."""
    return [(hook.type, hook.get('interval')) for hook in cfg.custom_hooks]


def test_trainings_on_the_source_are_scored_on_it(
    tool, runs, tmp_path, monkeypatch
):
    """Plain supervised training: one that is there, with another test."""
    calls = []

    def test(run, name, options):
        calls.append((run.folder, options))
        return dict(mIoU=50.0)

    monkeypatch.setattr(runs.Experiment, 'test', test)
    monkeypatch.setattr(runs.Experiment, 'train', lambda run, arguments: None)
    monkeypatch.setattr(runs, 'sweep_tau', lambda *args: dict(scores=[]))
    groups = [tool.GROUPS[name] for name in ('camvid', 'camvid-day')]
    for i, group in enumerate(groups):
        tool.finish(group, 'source_only', 0, tmp_path, tmp_path / str(i))
    # one training, student and teacher of two tests
    assert len({folder for folder, _ in calls}) == 1 and len(calls) == 4
    root = 'test_dataloader.dataset.data_root'
    assert [options.get(root) for _, options in calls] == [
        *(None, None, 'data/camvid/day', 'data/camvid/day'),
    ]
    found = [
        json.loads((tmp_path / f'{i}/source_only_seed0.json').read_text())
        for i in range(2)
    ]
    assert found[0]['fingerprint'] != found[1]['fingerprint']
    data = found[1]['settings']['cfg']['test_dataloader']['dataset']
    assert data['data_root'] == 'data/camvid/day'
    for i, group in enumerate(groups):
        run = tool.experiment(group, 'source_only', 0, tmp_path)
        assert (
            tool.stale(tmp_path / f'{i}/source_only_seed0.json', run) is None
        )


def test_sweeps_are_kept_and_shown(tool, runs, tmp_path, monkeypatch):
    swept = dict(
        labels=True,
        criteria=[],
        scores=[
            dict(dict.fromkeys(tool.GROUPS['camvid'].columns, v), tau=tau)
            for tau, v in ((0.0, 1.0), (1.0, 7.0))
        ],
    )
    calls = []

    def sweep_tau(config, checkpoint, folder, options):
        calls.append(options)
        return swept

    monkeypatch.setattr(runs, 'sweep_tau', sweep_tau)
    scores = dict.fromkeys(tool.GROUPS['camvid'].columns, 5.0)
    monkeypatch.setattr(runs.Experiment, 'test', lambda *a, **k: scores)
    monkeypatch.setattr(runs.Experiment, 'train', lambda run, arguments: None)
    group = tool.GROUPS['camvid']
    method = 'dacs_blda_tau0.5'
    tool.finish(group, method, 1, tmp_path, tmp_path / 'out')
    assert 'model.segmentor.decode_head.loss_decode.tau=0.5' in calls[0]
    *_, student, teacher, post_hoc = rows(
        tool.table(group, tmp_path / 'out', [1], [method])
    )
    # no scores: the file has those of the two parts alone
    kept = json.loads((tmp_path / 'out' / f'{method}_seed1.json').read_text())
    assert kept['signals'] == {}
    assert student[1:3] == ['student', '5.0'] and teacher[1] == 'teacher'
    assert post_hoc[0].endswith('tau 0.5 + post-hoc, tau 1')
    assert post_hoc[2:4] == ['7.0', '7.0'] and post_hoc[-1] == '1'


def test_signals_of_a_resumed_training_are_in_order(runs, tmp_path):
    lines = [
        [dict(step=100, loss=1.0), {'step': 100, 'balance/from_source': 0.5}],
        [
            {'step': 200, 'balance/from_source': 0.25, 'share.target/sky': 1},
            {'step': 100, 'balance/from_source': 0.123456},
            {'step': 200, 'mIoU': 40.0, 'offset.target/sky': 1.0},
        ],
    ]
    for i, own in enumerate(lines):
        file = tmp_path / f'2026010{i}_000000/vis_data/scalars.json'
        file.parent.mkdir(parents=True)
        file.write_text(''.join(f'{json.dumps(line)}\n' for line in own))
        config = f'resume = {bool(i)}\n'
        (file.parent / 'config.py').write_text(config)
    assert runs.signals_of(tmp_path) == {
        'balance/from_source': [(100, 0.1235), (200, 0.25)],
        'share.target/sky': [(200, 1)],
    }
