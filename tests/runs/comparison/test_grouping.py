"""Runs are sorted by their settings, whatever their folders are called."""

import copy
import json
import os
import shutil

import numpy as np
import pytest
from mmengine.config import Config

from mmseg_balance.evaluation.comparison.runs import ScoredRun
from mmseg_balance.runs.comparison.compared import compare_runs

TAU = 'model.segmentor.tau'


def named(compared):
    """Seeds and mean mIoU by the name of each method."""
    return {
        m.name: (m.seeds, m.scores['mIoU'].mean)
        for m in compared.comparison.methods
    }


def post_hoc(cfg, **settings):
    """The config of a test that balances."""
    model = dict(type='PostHocSegmentor', segmentor=cfg.model.to_dict())
    model |= dict(statistics='s.pth', tau=1.0) | settings
    return Config(dict(cfg) | dict(model=model))


def test_seeds_of_one_config_are_one_method(tested, tmp_path):
    tested('a', 40.0, seed=0)
    tested('as/deep/b', 42.0, seed=1, **{'train_dataloader.num_workers': 7})
    tested('c', 50.0, seed=0, name='other', **{TAU: 0.5})
    compared = compare_runs([tmp_path])
    assert named(compared) == {
        'method': ((0, 1), 41.0),
        'other': ((0,), 50.0),
    }
    (run,) = compared.comparison.methods[1].runs
    assert run.classes == ('road', 'car') and run.confusion.sum() == 100
    assert compared.groups[0].first.curves['loss'] == [(3, 1.0), (6, 0.5)]


def test_options_tell_methods_of_one_config_apart(tested, tmp_path):
    tested('a', 40.0, seed=0)
    tested('b', 44.0, seed=1, **{TAU: 0.5})
    tested('c', 46.0, seed=1, **{TAU: 0.5, 'optim_wrapper.optimizer.lr': 1})
    assert named(compare_runs([tmp_path])) == {
        'method [tau=0.1, lr=0.1]': ((0,), 40.0),
        'method [tau=0.5, lr=0.1]': ((1,), 44.0),
        'method [tau=0.5, lr=1]': ((1,), 46.0),
    }
    renamed = compare_runs([tmp_path], names=['A', 'B', 'C'])
    assert list(named(renamed)) == ['A', 'B', 'C']
    for names, message in (
        (['A'], r"--names has 1 names, expected 3, one for each of 'method"),
        (['A', 'A', 'B'], "--names has 'A' twice"),
    ):
        with pytest.raises(ValueError, match=message):
            compare_runs([tmp_path], names=names)


def test_evaluations_of_one_training(tested, tmp_path):
    run = tested('a', 40.0)
    last = run.folder / 'iter_6.pth'
    run.test(last, 43.0, 'test_posthoc', post_hoc(run.cfg))
    run.test(last, 42.0, 'test_half', post_hoc(run.cfg, tau=0.5))
    teacher = Config(dict(run.cfg))
    teacher.model.predict_with = 'teacher'
    run.test(last, 39.0, 'teacher', teacher)
    found = named(compare_runs([run.folder]))
    assert found == {
        'method (teacher)': ((0,), 39.0),
        'method (student)': ((0,), 40.0),
        'method + post-hoc, tau 0.5 (student)': ((0,), 42.0),
        'method + post-hoc, tau 1 (student)': ((0,), 43.0),
    }
    student = compare_runs([run.folder], part='student')
    assert list(named(student)) == [
        'method',
        'method + post-hoc, tau 0.5',
        'method + post-hoc, tau 1',
    ]
    with pytest.raises(ValueError, match='--part teacher: all results are of'):
        compare_runs([tested('b', 1.0).folder], part='teacher')


def test_another_test_pipeline_is_another_method(tested):
    run = tested('a', 40.0)
    for name, scale, files in (('b', 2.0, None), ('c', 2.0, 's3')):
        cfg = copy.deepcopy(run.cfg)
        cfg.test_dataloader.dataset.pipeline[0].update(
            scale_factor=scale, backend_args=files
        )
        run.test(run.folder / 'iter_6.pth', 41.0, name, cfg)
    assert named(compare_runs([run.folder])) == {
        'method [scale_factor=2.0]': ((0,), 41.0),
        'method [scale_factor=(not set)]': ((0,), 40.0),
    }


def test_a_killed_run_is_no_finished_one(tested, work_folder, tmp_path):
    tested('a', 40.0, seed=0)
    killed = work_folder('b', seed=1)
    log = killed.log(
        [dict(loss=1.0, step=2), dict(mIoU=20.0, mAcc=30.0, step=2)]
    )
    with (log / 'vis_data/scalars.json').open('a') as file:
        file.write('{"loss": 1.0, "ste')  # as it was killed
    compared = compare_runs([tmp_path])
    name = 'method (last validation, at iteration 2 of 6)'
    assert named(compared) == {'method': ((0,), 40.0), name: ((1,), 20.0)}
    text = '\n'.join(compared.comparison.notes)
    assert f'{killed.folder} has not ended' in text
    assert 'scores of the last validation, since no test of' in text


def test_best_and_earlier_snapshots_are_methods_of_their_own(
    work_folder, tmp_path
):
    run = work_folder('a')
    run.log([dict(loss=1.0, step=6)])
    best = run.save(3, 'best_mIoU_iter_3.pth')
    for checkpoint, miou in (
        (best, 41.0),
        (run.save(3), 39),
        (run.save(), 40),
    ):
        run.test(checkpoint, miou, checkpoint.stem)
    assert named(compare_runs([tmp_path])) == {
        'method (best snapshot)': ((0,), 41.0),
        'method (at iteration 3 of 6)': ((0,), 39.0),
        'method': ((0,), 40.0),
    }


def test_the_later_of_two_runs_of_a_seed(tested, tmp_path):
    first, second = tested('a', 40.0), tested('b', 44.0)
    for run, time in ((first, 2000), (second, 1000)):
        (file,) = run.folder.glob('test/*/*.json')
        os.utime(file, (time, time))
    compared = compare_runs([first.folder, second.folder])
    assert named(compared) == {'method': ((0,), 40.0)}
    (line, *_) = compared.comparison.notes
    assert 'seed 0 of method twice: ' in line
    assert str(second.folder) in line.partition(' is left out')[0]
    # the same folder twice is one
    twice = compare_runs([first.folder, first.folder / 'test' / '..'])
    assert 'twice' not in '\n'.join(twice.comparison.notes)


def test_other_test_sets_and_classes_are_refused(tested, work_folder):
    first = tested('a', 40.0)
    other = work_folder('b')
    other.test(other.save(), 41.0, data='6 images')
    with pytest.raises(ValueError, match='different test sets .5 images and'):
        compare_runs([first.folder, other.folder])
    # of an earlier version, whose scores do not name their images
    labels = work_folder('c')
    counts = np.array([[50, 10], [10, 40]])
    # nor of images that were labelled anew
    for data in ('5 images', ''):
        labels.test(labels.save(), 41.0, data=data, confusion=counts)
        with pytest.raises(ValueError, match='labelled pixels of the classes'):
            compare_runs([first.folder, labels.folder])
    # of a file that names no images at all
    bare = first.folder / 'bare.json'
    bare.write_text(json.dumps({'mIoU': 3.0, 'IoU.sky': 3.0}))
    with pytest.raises(ValueError, match='different classes .one alone has'):
        compare_runs([first.folder, bare])
    bare.unlink()
    key = 'test_dataloader.dataset.data_root'
    folders = [
        work_folder('d', **{key: '/x/streets'}),
        work_folder('e', **{key: '/y/streets'}),
        work_folder('f', **{key: '/y/roads'}),
    ]
    for run in folders:
        run.test(run.save(), 41.0, data='', confusion=None)
    with pytest.raises(
        ValueError, match="data_root was '/x/streets', is '/y/r"
    ):
        compare_runs([r.folder for r in folders])
    assert compare_runs([r.folder for r in folders[:2]])
    domains = [
        work_folder(name, **{'test_dataloader.dataset.domain': name})
        for name in ('art', 'clipart')
    ]
    for run in domains:
        run.test(run.save(), 41.0, data='', confusion=None)
    with pytest.raises(ValueError, match="domain was 'art', is 'clipart'"):
        compare_runs([r.folder for r in domains])
    sky = tested('g', 40.0)
    (file,) = sky.folder.glob('test/*/*.json')
    content = json.loads(file.read_text()) | {'IoU.sky': 3.0}
    content['origin']['data'] = {}
    del content['IoU.car'], content['Bias.car']
    file.write_text(json.dumps(content))
    (file.parent / 'confusion.npz').unlink()
    with pytest.raises(ValueError, match='different classes .one alone has c'):
        compare_runs([first.folder, sky.folder])


def test_copies_of_a_folder_are_told(tested, tmp_path):
    run = tested('a', 40.0)
    shutil.copytree(run.folder, tmp_path / 'copy')
    compared = compare_runs([tmp_path])
    assert named(compared) == {'method': ((0,), 40.0)}
    assert 'with the same scores' in compared.comparison.notes[0]


def test_two_tests_of_weights_without_a_seed_are_no_two_runs(work_folder):
    run = work_folder('a')
    weights = run.save(seed=None)
    run.test(weights, 40.0)
    run.test(weights, 42.0, 'again')
    compared = compare_runs([run.folder])
    assert named(compared) == {'method': ((None,), 42.0)}
    assert 'of method twice: ' in compared.comparison.notes[0]


def test_nan_scores(tested, tmp_path):
    tested('a', float('nan'), seed=0)
    tested('b', 40.0, seed=1)
    compared = compare_runs([tmp_path])
    assert named(compared) == {'method': ((0, 1), 40.0)}
    text = '\n'.join(compared.comparison.notes)
    assert 'no number for' in text and 'mIoU in 1 of 2' in text
    assert isinstance(compared.comparison.methods[0].runs[0], ScoredRun)


def test_other_code_is_noted_and_other_data_is_another_method(
    tested, tmp_path
):
    def provenance(torch, data):
        told = dict(versions=dict(torch=torch), sources='abc')
        return dict(provenance=told | dict(data=dict(source=data)))

    first = tested('a', 40.0, seed=0, **provenance('2.6', '5 images'))
    second = tested('b', 42.0, seed=1, **provenance('2.7', '5 images'))
    tested('c', 44.0, seed=1, **provenance('2.7', '9 images'))
    for run in (first, second):  # of which the same is to be said once
        last = run.folder / 'iter_6.pth'
        run.test(last, 43.0, 'post_hoc', post_hoc(run.cfg))
    compared = compare_runs([tmp_path])
    assert {m.name: m.seeds for m in compared.comparison.methods} == {
        'method [source=5 images]': (0, 1),
        'method [source=9 images]': (1,),
        'method + post-hoc, tau 1': (0, 1),
    }
    (line,) = [n for n in compared.comparison.notes if 'other code' in n]
    assert 'seeds 0 and 1' in line and 'torch was 2.6, is 2.7' in line


def test_fits_of_other_settings_are_other_methods(tested, tmp_path):
    for seed, images in ((0, 64), (1, 64), (2, None)):
        run = tested(f'r{seed}', 40.0, seed=seed)
        last = run.folder / 'iter_6.pth'
        file = run.test(last, 43.0, 'post_hoc', post_hoc(run.cfg))
        content = json.loads(file.read_text())
        fit = dict(max_images=images, anchor='source')
        content['origin']['settings']['statistics'] = fit
        file.write_text(json.dumps(content))
    found = named(compare_runs([tmp_path]))
    assert [seeds for seeds, _ in found.values()] == [(0, 1, 2), (0, 1), (2,)]
    assert any('max_images' in name for name in found)
