"""tools/benchmarks/prior_series.py, its trainings made up."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from PIL import Image

from mmseg_balance.datasets.toy_streets import CLASSES, ToyStreets

SMALL = ToyStreets(
    num_source=4, num_target=1, num_val=4, num_second=0, height=64, width=128
)
OFFSETS = {'source_only': 0, 'dacs': 10, 'dacs_blda_tau0.5': 20}


@pytest.fixture
def series(run_tool, tools, tmp_path, monkeypatch):
    """The tool on small sets, with experiments that note what is asked."""
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    for name in [m for m in sys.modules if m.startswith('prior_')]:
        monkeypatch.delitem(sys.modules, name)
    module = run_tool.load('benchmarks/prior_series.py')
    runs = sys.modules['prior_runs']
    monkeypatch.setattr(runs, 'STREETS', SMALL)
    monkeypatch.setattr(module, 'STREETS', SMALL)
    calls = []

    class Experiment(runs.Experiment):
        @property
        def checkpoint(self):
            done = self.folder / 'done'
            return done if done.is_file() else None

        def is_current(self):
            return True

        def train(self, arguments):
            calls.append(('train', self.folder.name, self.seed))
            self.folder.mkdir(parents=True)
            (self.folder / 'done').touch()

        def test(self, name, arguments, options):
            calls.append(('test', self.folder.name, name))
            target = options['test_dataloader.dataset.data_root']
            return scores(self.seed + len(target) % 2) | {'data_time': 1.0}

    def scores(value):
        of_classes = {f'IoU.{c}': 10.0 * k for k, c in enumerate(CLASSES)}
        return of_classes | dict(mIoU=40.0 + value, mAcc=50.0 + value)

    monkeypatch.setattr(runs, 'Experiment', Experiment)
    monkeypatch.setattr(
        runs, 'run_tool', lambda *args, **kwargs: calls.append(('fit',))
    )
    monkeypatch.chdir(tmp_path)

    def start(*args):
        calls.clear()
        line = ['prior_series.py', *map(str, args)]
        for name in ('data', 'work-dir', 'out'):
            line += [f'--{name}', str(tmp_path / name)]
        monkeypatch.setattr(sys, 'argv', line)
        module.main()
        return list(calls)

    return SimpleNamespace(
        start=start, module=module, runs=runs, out=tmp_path / 'out'
    )


ARGS = ('--factors', '1/4', 4, '--seeds', 0, 1, '--methods')


def test_what_sees_no_target_is_trained_once_a_seed(series, capsys):
    methods = ('source_only', 'source_only_post_hoc', 'dacs')
    calls = series.start(*ARGS, *methods)
    trained = [call[1:] for call in calls if call[0] == 'train']
    ends = [name.split('128x128_')[1] for name, _ in trained]
    names = [end.rsplit('-', 1)[0] for end in ends]
    assert names == [
        *('1_seed0', '1over4_seed0', '4_seed0'),
        *('1_seed1', '1over4_seed1', '4_seed1'),
    ]
    tests = [call[1:] for call in calls if call[0] == 'test']
    of_source = {n for n, _ in tests if n.startswith('source')}
    assert len(of_source) == 2 and len(tests) == 2 * 2 * 3
    assert sum(call[0] == 'fit' for call in calls) == 4
    file = series.out / 'dacs_shift1over4_seed1.json'
    result = json.loads(file.read_text())
    assert result['label_shift'] == 0.25 and result['settings']['seed'] == 1
    assert 'data_time' not in result['student']
    cfg = Config(result['settings']['cfg'])
    data = cfg.train_dataloader.dataset
    assert data.target.data_root.endswith('data/1over4/toy_cityscapes')
    assert data.source.data_root.endswith('data/1over4/toy_gta')
    assert 0 < result['frequencies']['total_variation'] < 1
    assert sum(result['frequencies']['shares'].values()) == pytest.approx(
        1, abs=1e-4
    )
    # what sees no target is not told of the shift either
    result = json.loads(
        (series.out / 'source_only_shift4_seed0.json').read_text()
    )
    data = Config(result['settings']['cfg']).train_dataloader.dataset
    assert data.target.data_root.endswith('data/1/toy_cityscapes')
    assert result['label_shift'] == 4
    picture = Image.open(series.out / 'label_shift.png')
    assert min(picture.size) > 500
    text = (series.out / 'label_shift.md').read_text()
    assert text in capsys.readouterr().out + '\n'

    # nothing is repeated; what is missing is
    assert series.start(*ARGS, *methods) == []
    (series.out / 'dacs_shift4_seed0.json').unlink()
    calls = series.start(*ARGS, *methods)
    assert [call[0] for call in calls] == ['test']


def test_results_of_other_settings_are_refused(series, capsys):
    args = ('--factors', 4, '--seeds', 0, '--methods', 'dacs')
    series.start(*args)
    file = series.out / 'dacs_shift4_seed0.json'
    content = json.loads(file.read_text())

    def refusal(*more):
        with pytest.raises(SystemExit) as exit_:
            series.start(*args, *more)
        return str(exit_.value)

    assert 'max_iters' in refusal('--iterations', 20)
    file.write_text(json.dumps(content | dict(label_shift=2.0)))
    assert 'dacs_shift4_seed0.json has label_shift 2.0' in refusal()
    capsys.readouterr()
    series.start(*args, '--table')
    assert 'warning: ' in capsys.readouterr().err
    # the scores of another seed are never those of this one
    content['settings']['seed'] = 3
    file.write_text(json.dumps(content))
    assert 'scores of seed 3' in refusal('--table')


def test_a_set_of_another_factor_is_refused(series, tmp_path):
    args = ('--seeds', 0, '--methods', 'dacs', '--factors')
    series.start(*args, 4)
    (tmp_path / 'data/4').rename(tmp_path / 'data/2')
    with pytest.raises(SystemExit, match=r'label_shift 4.0 \(now 2.0\)'):
        series.start(*args, 2)


@pytest.mark.parametrize('factor', ['0', '-1', 'nan', '1/0', 'four', '17'])
def test_bad_factors_end_with_a_line(series, capsys, factor):
    with pytest.raises(SystemExit):
        series.start(f'--factors={factor}')
    assert f'argument --factors: {factor}: ' in capsys.readouterr().err


def test_nothing_to_tabulate_is_said(series):
    with pytest.raises(SystemExit, match='no result .* without --table'):
        series.start('--table')


# -- rows --------------------------------------------------------------------
def test_rows_are_of_the_demos_schedule_and_constants(series):
    """At 500 iterations nothing but the data and the row is changed."""
    args = SimpleNamespace(
        data=ROOT / 'data/x', work_dir=ROOT / 'work_dirs', iterations=500
    )
    auto = Config.fromfile(ROOT / 'configs/_base_/balance/blda_auto.py')
    auto = auto.balance_model.segmentor.decode_head.loss_decode
    for method, row in sys.modules['prior_rows'].METHODS.items():
        cfg = series.runs.experiment(method, 0, 4.0, args).cfg
        plain = Config.fromfile(ROOT / 'configs' / row.config)
        assert cfg.param_scheduler == plain.param_scheduler
        assert cfg.optim_wrapper == plain.optim_wrapper
        assert cfg.train_cfg.max_iters == plain.train_cfg.max_iters == 500
        loss = cfg.model.segmentor.decode_head.get('loss_decode', {})
        if 'blda' in method:
            assert dict(auto).items() <= dict(loss, tau=0.1).items()
            assert loss.tau == float(method.removeprefix('dacs_blda_tau'))
        if 'logit_adjustment' in method:
            assert loss.type == 'LogitAdjustmentLoss' and loss.tau == 1


def test_tables_against_means_by_hand(series):
    report = sys.modules['prior_report']
    one, two = (
        {'student': {f'IoU.{c}': v for c in CLASSES} | dict(mIoU=v)}
        for v in (10.0, 14.0)
    )
    one['student']['IoU.rider'] = 1.0
    results = {'DACS': {0.25: [one, two], 4.0: [two]}, 'none': {}}
    head, _, *rows = report.table(results, 'mIoU', [0.25, 4.0]).splitlines()
    assert head == '| mIoU, label shift | 1/4 | 4 | Seeds |'
    # sample std: sqrt(((10 - 12)^2 + (14 - 12)^2) / 1)
    assert rows == ['| DACS | 12.0 +- 2.8 | 14.0 | 1 to 2 |']
    # of nine rare classes rider has 1 in place of 10
    metric = 'IoU of rare things'
    assert report.score(one, metric) == pytest.approx((8 * 10 + 1) / 9)
    assert report.score(two, 'IoU of frequent things') == 14
    del one['student']['IoU.bus']
    assert np.isnan(report.score(one, metric))


def test_factors_are_written_as_people_do(series):
    ratio = sys.modules['prior_report'].ratio
    names = [ratio(f) for f in (1 / 16, 0.25, 1 / 3, 0.3, 1.0, 4.0, 2.5)]
    assert names == ['1/16', '1/4', '1/3', '0.3', '1', '4', '2.5']


def test_curves_leave_out_what_is_not_there():
    from mmseg_balance.visualization.score_curves import score_curves

    panels = {
        'mIoU': {'A': {'1': [40.0, 44.0], '4': [50.0]}, 'B': {'4': [30.0]}},
        'mAcc': {'A': {'1': [float('nan')]}},
    }
    png = score_curves(panels, {'1': '1', '4': '4'}, 'factor')
    picture = np.asarray(Image.open(io.BytesIO(png)).convert('RGB'))
    assert picture.std() > 5
    del panels['mIoU']['B']
    other = score_curves(panels, {'1': '1', '4': '4'}, 'factor')
    assert other != png
