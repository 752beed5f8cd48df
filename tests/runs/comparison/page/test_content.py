"""What the page of a comparison shows: matrices, curves, colours, images."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg_balance.inference.predictor.prediction import Prediction
from mmseg_balance.runs.comparison.compared import compare_runs
from mmseg_balance.runs.comparison.page import content as page
from mmseg_balance.runs.comparison.page import predictions, samples
from mmseg_balance.runs.comparison.page.content import content_of, mean_curves
from mmseg_balance.runs.comparison.page.samples import (
    find_samples,
    most_different,
)

LOADING = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]


def test_matrices_curves_and_differences(tested, tmp_path):
    tested('a', 40.0, seed=0)
    tested('b', 42.0, seed=1)
    base = tested('c', 39.0, name='base', **{'model.segmentor.tau': 0.5})
    compared = compare_runs([tmp_path], baseline='base')
    content = content_of(compared, ['a line'])
    method, other = content.methods
    assert content.title == '2 methods compared'
    assert method.name == 'method' and method.seeds == (0, 1)
    assert method.confusion.tolist() == [[80, 20], [20, 80]]
    assert method.scores['mIoU'] == 41.0
    assert method.stds['mIoU'] == pytest.approx(2**0.5)
    assert other.stds == {} and other.confusion.sum() == 100
    assert method.curves == {'loss': [(3, 1.0), (6, 0.5)]}
    assert [*content.palette] == [[128, 64, 128], [0, 0, 142]]
    difference = content.differences[0]
    assert (difference.method, difference.key) == ('method', 'mIoU')
    assert difference.num_pairs == 1 and difference.low is None
    assert content.notes[-1] == 'a line'
    # of a version that kept no matrix
    for file in base.folder.glob('test/*/confusion.npz'):
        file.unlink()
    content = content_of(compare_runs([tmp_path]))
    assert [m.confusion is None for m in content.methods] == [False, True]
    assert content.notes[-1].startswith('no confusion matrix of base: ')


def test_evaluations_of_one_training_show_its_curves_once(tested):
    run = tested('a', 40.0)
    model = dict(run.cfg.model) | dict(predict_with='teacher')
    teacher = Config(dict(run.cfg) | dict(model=model))
    run.test(run.folder / 'iter_6.pth', 39.0, 'teacher', teacher)
    content = content_of(compare_runs([run.folder]))
    assert [bool(m.curves) for m in content.methods] == [True, False]


def test_curves_over_the_seeds():
    curves = [
        dict(loss=[(1, 2.0), (2, 1.0), (3, 0.5)], lr=[(1, 0.1)]),
        dict(loss=[(2, 3.0), (3, 1.5)], other=[(1, 1.0)]),
    ]
    assert mean_curves(curves) == {'loss': [(2, 2.0), (3, 1.0)]}
    assert mean_curves([]) == {}


def test_scores_without_classes_have_no_page(tmp_path):
    file = tmp_path / 'a.json'
    file.write_text('{"mIoU": 40.0}')
    with pytest.raises(ValueError, match='--html needs scores of classes'):
        content_of(compare_runs([file]))


def test_images_that_differ_most():
    label = np.array([[0, 1], [1, 255]])
    right, wrong = label % 2, np.zeros((2, 2), int)
    # no method differs in the first, and an ignored pixel never does
    first = [right, right, wrong]
    second = [right, wrong, right]
    assert most_different([first, second], [label] * 3, 2) == [1, 2]
    assert most_different([first, second], [label] * 3, 9) == [0, 1, 2]
    # of one method: where it is wrong
    assert most_different([[right, wrong]], [label] * 2, 1) == [1]


@pytest.fixture
def with_images(tested, tmp_path):
    """Two methods of which one saved its predictions."""
    for kind, value in (('val', 90), ('ann', 1)):
        (tmp_path / 'data' / kind).mkdir(parents=True)
        for i in range(3):
            array = np.full((4, 6), value * (i > 0), np.uint8)
            file = tmp_path / 'data' / kind / f'{i}.png'
            cv2.imwrite(str(file), array)
    changes = {
        'test_dataloader.dataset.data_root': str(tmp_path / 'data'),
        'test_dataloader.dataset.pipeline': LOADING,
        'test_dataloader.dataset.img_suffix': '.png',
        'test_dataloader.dataset.seg_map_suffix': '.png',
        'default_scope': 'mmseg',
    }
    plain = tested('plain', 40.0, **changes)
    out = tmp_path / 'predictions'
    out.mkdir()
    for i in range(3):
        cv2.imwrite(str(out / f'{i}.png'), np.full((4, 6), i == 1, np.uint8))
    (out / '.predictions.json').write_text('[]')
    saved = Config(dict(plain.cfg))
    saved.test_evaluator = dict(type='A', output_dir=str(out))
    plain.test(plain.folder / 'iter_6.pth', 40.0, cfg=saved, data='')
    return plain, out


def test_saved_predictions_are_shown(with_images):
    plain, _ = with_images
    compared = compare_runs([plain.folder])
    found, notes = find_samples(compared.groups, 2)
    # the second is right, in the third all pixels are wrong
    assert [s.name for s in found] == ['0.png', '2.png']
    assert found[1].label.tolist() == [[1] * 6] * 4
    assert found[1].predictions['method'].tolist() == [[0] * 6] * 4
    assert found[1].image.shape == (4, 6, 3) and found[1].image[0, 0, 0] == 90
    assert 'method (seed 0); the 2 in which they differ most of 3' in notes[0]
    assert find_samples(compared.groups, 0) == ([], [])


def test_a_moved_folder_takes_its_predictions_along(with_images):
    plain, out = with_images
    out.rename(plain.folder / 'test' / out.name)
    found, _ = find_samples(compare_runs([plain.folder]).groups, 2)
    assert [s.name for s in found] == ['0.png', '2.png']


def test_other_images_than_were_tested_are_not_shown(with_images):
    plain, _ = with_images
    groups = compare_runs([plain.folder]).groups
    object.__setattr__(groups[0].first, 'data', '9 images 0123')
    found, (line,) = find_samples(groups, 2)
    assert found == [] and 'tests were on 9 images 0123, and the test' in line


def test_files_of_a_later_test_are_not_taken(with_images):
    plain, out = with_images
    cv2.imwrite(str(out / '2.png'), np.zeros((4, 6), np.uint8))
    (plain.folder / 'iter_6.pth').unlink()
    compared = compare_runs([plain.folder])
    found, notes = find_samples(compared.groups, 2)
    assert found == []
    assert 'method: no predictions among the samples: neither' in notes[0]


def test_each_method_predicts_by_its_own_pipeline(
    with_images, tested, monkeypatch
):
    plain, _ = with_images
    steps = [*LOADING[:1], dict(type='Resize', scale=[12, 8]), *LOADING[1:]]
    changes = dict(plain.cfg.test_dataloader.dataset) | dict(pipeline=steps)
    other = tested(
        'other',
        41.0,
        name='other',
        **{'test_dataloader.dataset': changes, 'default_scope': 'mmseg'},
    )
    used = []

    def predictor(cfg, *args, **kwargs):
        used.append(cfg.test_dataloader.dataset.pipeline)
        maps = [Prediction(np.zeros((4, 6), int))] * 3
        return SimpleNamespace(predict=lambda files: maps)

    monkeypatch.setattr(predictions, 'Predictor', predictor)
    groups = compare_runs([plain.folder, other.folder]).groups
    object.__setattr__(groups[1].first, 'data', '')
    found, _ = find_samples(groups, 1)
    # the first one has files
    assert [*found[0].predictions] == ['method', 'other']
    assert used == [steps]


def test_without_the_test_images(tested, monkeypatch, tmp_path):
    compared = compare_runs([tested('a', 40.0).folder])
    written = []
    monkeypatch.setattr(
        page, 'write_page', lambda path, content: written.append(content)
    )
    page.write_comparison(tmp_path / 'a.html', compared, 4)
    (content,) = written
    assert content.samples == [] and 'no samples: ' in content.notes[-1]
    assert 'data/streets' in content.notes[-1]
    groups = compare_runs([tested('b', 4.0).folder]).groups
    bare = groups[0].results[0]
    object.__setattr__(bare, 'evaluated', None)
    found, notes = samples.find_samples(groups, 4)
    assert found == [] and 'no config says where' in notes[0]
