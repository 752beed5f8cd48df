"""What is found in work folders and files, and what is left out."""

import json
import shutil

import pytest
from mmengine.config import Config

from mmseg_balance.runs.comparison.compared import compare_runs


def named(compared):
    """Seeds and mean mIoU by the name of each method."""
    return {
        m.name: (m.seeds, m.scores['mIoU'].mean)
        for m in compared.comparison.methods
    }


def test_a_checkpoint_written_anew_takes_its_scores_along(tested, tmp_path):
    run = tested('a', 40.0)
    tested('b', 42.0, seed=1)
    run.save(seed=7)  # another training in the same folder
    compared = compare_runs([tmp_path])
    assert named(compared)['method'] == ((1,), 42.0)
    assert 'held before it was written anew' in compared.comparison.notes[0]


def test_a_moved_folder_and_one_without_checkpoints(tested, tmp_path):
    run = tested('a', 40.0, seed=3)
    moved = run.folder.rename(tmp_path / 'moved')
    result = compare_runs([moved]).groups[0].first
    assert result.checkpoint == moved / 'iter_6.pth'
    assert result.seed == 3 and result.training == moved
    result.checkpoint.unlink()
    compared = compare_runs([moved])
    assert named(compared) == {'method': ((3,), 40.0)}
    assert compared.groups[0].first.settings.model.segmentor.tau == 0.1


def test_the_record_of_pseudo_labels_is_not_of_scores(tested):
    run = tested('a', 40.0)
    labels = run.folder / 'pseudo_labels'
    labels.mkdir()
    (labels / 'pseudo_labels.json').write_text('{"settings": {}}')
    comparison = compare_runs([run.folder]).comparison
    assert not any('pseudo_labels' in note for note in comparison.notes)


def test_scores_of_other_programs(work_folder, tmp_path):
    """mmseg's tools write scores without origin, and draw a seed."""
    run = work_folder('stock', seed=None)
    log = run.log([dict(mIoU=30.0, aAcc=70.0, mAcc=40.0, step=6)])
    text = 'Runtime environment:\n    cudnn_benchmark: True\n    seed: 123\n'
    (log / f'{log.name}.log').write_text(text)
    ours = compare_runs([run.folder])
    name = 'method'
    assert named(ours) == {name: ((123,), 30.0)}
    assert 'IoU_std' not in ours.comparison.methods[0].scores
    checkpoint = run.save(seed=123)
    run.test(checkpoint, 31.0, origin=False, confusion=None)
    assert named(compare_runs([tmp_path])) == {name: ((123,), 31.0)}
    assert compare_runs([tmp_path]).comparison.classes == ('road', 'car')


def test_a_resumed_run_and_an_earlier_one_in_its_folder(work_folder):
    run = work_folder('a', seed=1)
    old = Config(dict(run.cfg))
    old.randomness = dict(seed=0)
    run.log([dict(mIoU=90.0, step=6)], old)
    run.log([dict(loss=3.0, step=1), dict(loss=2.0, step=2)])
    resumed = Config(dict(run.cfg))
    resumed.resume, resumed.load_from = True, 'iter_1.pth'
    run.log([dict(loss=1.5, step=2), dict(mIoU=35.0, step=6)], resumed)
    compared = compare_runs([run.folder])
    assert named(compared) == {'method': ((1,), 35.0)}
    curves = compared.groups[0].first.curves
    assert curves['loss'] == [(1, 3.0), (2, 1.5)]


def test_folders_without_a_result(tested, work_folder, tmp_path):
    tested('a', 40.0)
    empty = work_folder('empty')
    empty.log([dict(loss=1.0, step=1)])
    compared = compare_runs([tmp_path / 'a', empty.folder])
    assert compared.comparison.notes[0] == (
        f'{empty.folder}: no scores of a test and no validation, left out'
    )
    with pytest.raises(
        FileNotFoundError, match='no result to compare: .*Make'
    ):
        compare_runs([empty.folder])
    with pytest.raises(FileNotFoundError, match='nowhere does not exist'):
        compare_runs([tmp_path / 'nowhere'])


def test_files_of_results(tmp_path):
    def write(name, **content):
        file = tmp_path / name
        file.write_text(json.dumps(content))
        return file

    part = {'mIoU': 40.0, 'IoU.road': 50.0}
    files = [
        write(f'dacs_seed{seed}.json', student=part, teacher=part)
        for seed in (0, 1)
    ]
    tau = {'0.0': dict(mIoU=40.0), '1.0': dict(mIoU=44.0)}
    files.append(write('dacs_posthoc_seed0.json', part='student', tau=tau))
    assert named(compare_runs(files)) == {
        'dacs (student)': ((0, 1), 40.0),
        'dacs (teacher)': ((0, 1), 40.0),
        'dacs_posthoc (tau 0, student)': ((0,), 40.0),
        'dacs_posthoc (tau 1, student)': ((0,), 44.0),
    }
    copied = write('x_seed2.json', student=part, settings=dict(seed=0, cfg={}))
    with pytest.raises(ValueError, match='scores of seed 0, and its name sa'):
        compare_runs([copied])
    for name, text in (
        ('a.json', '{}'),
        ('b.json', 'no JSON'),
        ('c.json', '[1]'),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(
            ValueError, match=f'{name} has no scores: expected'
        ):
            compare_runs([tmp_path / name])


def test_a_logger_that_counts_epochs(work_folder):
    """mmengine's own default, which mmseg's configs change."""
    key = 'default_hooks.logger.log_metric_by_epoch'
    run = work_folder('a', **{key: True})
    run.log(
        [
            *(dict(loss=3.0, step=3), dict(mIoU=20.0, step=0)),
            *(dict(loss=2.0, step=6), dict(mIoU=30.0, step=1)),
        ]
    )
    compared = compare_runs([run.folder])
    assert named(compared) == {'method': ((0,), 30.0)}
    assert compared.groups[0].first.curves['mIoU'] == [(3, 20.0), (6, 30.0)]


def test_a_run_as_long_as_its_epochs(work_folder):
    run = work_folder('a')
    run.cfg.train_cfg = dict(max_epochs=2)
    run.log([dict(loss=3.0, step=30), dict(mIoU=20.0, step=1)])
    (name,) = named(compare_runs([run.folder]))
    assert name == 'method (at epoch 1 of 2)'
    run.test(run.save(60, 'epoch_2.pth'), 35.0)
    assert named(compare_runs([run.folder])) == {'method': ((0,), 35.0)}


def test_files_that_cannot_be_read(tested, tmp_path):
    run = tested('a', 40.0)
    tested('b', 42.0, seed=1)
    (file,) = run.folder.glob('test/*/*.json')
    text = file.read_text()
    for broken in (text[:40], '[]', '{"mIoU": "high"}', ''):
        file.write_text(broken)
        compared = compare_runs([tmp_path])
        assert named(compared) == {'method': ((1,), 42.0)}
        assert str(file) in compared.comparison.notes[0]
        with pytest.raises(ValueError, match=f'{file.name} '):
            compare_runs([file])
    # a config that is no list of values, and a matrix cut short
    file.write_text(text)
    for config in run.folder.rglob('*.py'):
        config.write_text('import os\na = os.getcwd()\n')
    (file.parent / 'confusion.npz').write_bytes(b'PK')
    found = compare_runs([run.folder]).groups[0].first
    assert found.confusion is None and found.seed == 0
    # of another program, and named by its own folder
    file.write_text(json.dumps(dict(mIoU=44.0, origin='here', settings=1)))
    assert named(compare_runs([file.parent])) == {'method': ((0,), 44.0)}


def test_a_test_in_another_folder_supersedes_the_validation(work_folder):
    run, tests = work_folder('a'), work_folder('tests')
    run.log([dict(loss=1.0, step=6), dict(mIoU=30.0, step=6)])
    tests.test(run.save(), 31.0)
    for folders in ((run, tests), (tests, run)):
        compared = compare_runs([r.folder for r in folders])
        assert named(compared) == {'method': ((0,), 31.0)}
    assert named(compare_runs([run.folder])) == {'method': ((0,), 30.0)}


def test_a_copy_without_checkpoints_is_a_training_of_its_own(tested, tmp_path):
    run = tested('a', 40.0)
    run.log([dict(mIoU=30.0, step=6)])
    copy = tmp_path / 'other' / 'a'
    shutil.copytree(run.folder, copy, ignore=lambda *_: ['iter_6.pth'])
    found = compare_runs([copy])
    assert named(found) == {'method': ((0,), 40.0)}
    assert found.groups[0].first.training == copy


def test_a_folder_that_a_run_of_another_seed_uses_again(tested):
    run = tested('a', 40.0, seed=0)
    (run.folder / 'iter_6.pth').unlink()
    again = Config(dict(run.cfg))
    again.randomness = dict(seed=1)
    run.log([dict(loss=9.0, step=1), dict(mIoU=3.0, step=1)], again)
    compared = compare_runs([run.folder])
    assert named(compared) == {
        'method': ((0,), 40.0),
        'method (last validation, at iteration 1 of 6)': ((1,), 3.0),
    }
    # the curves are not of what was tested
    assert not compared.groups[0].first.curves


def test_the_plain_test_is_what_others_are_compared_with(work_folder):
    run = work_folder('a')
    run.log([dict(loss=1.0, step=6)])
    last = run.save()
    model = dict(type='PostHocSegmentor', segmentor=dict(run.cfg.model))
    balanced = Config(dict(run.cfg) | dict(model=model))
    run.test(last, 44.0, 'posthoc', balanced)
    run.test(last, 40.0, 'test')
    assert [*named(compare_runs([run.folder]))] == [
        'method',
        'method + post-hoc, tau 1',
    ]


def test_validations_on_other_images_are_left_out(tested, work_folder):
    killed = work_folder('a', seed=1)
    killed.cfg.val_dataloader.dataset.data_prefix.img_path = 'day'
    killed.log([dict(mIoU=90.0, step=2)])
    done = tested('b', 40.0)
    compared = compare_runs([killed.folder, done.folder])
    assert named(compared) == {'method': ((0,), 40.0)}
    line = compared.comparison.notes[0]
    assert str(killed.folder) in line and 'on other images than' in line
    # alone they are what there is
    assert len(named(compare_runs([killed.folder]))) == 1


def test_a_seed_whose_checkpoint_and_logs_are_gone(tested, tmp_path):
    tested('a', 40.0, seed=0)
    bare = tested('b', 42.0, seed=1)
    (bare.folder / 'iter_6.pth').unlink()
    for log in bare.folder.glob('*/vis_data/scalars.json'):
        log.unlink()
    assert named(compare_runs([tmp_path])) == {'method': ((0, 1), 41.0)}
