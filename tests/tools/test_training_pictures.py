"""Pictures of a training, from the command line to the backends."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_balance.engine.hooks import TrainingPicturesHook

PALETTE = [[70, 130, 180], [128, 64, 128], [0, 0, 142]]


def pictures_of(work_dir):
    """Files of pictures by name."""
    found = work_dir.glob('*/vis_data/vis_image/*.png')
    return {path.stem: np.array(Image.open(path)) for path in found}


@pytest.fixture
def rows(monkeypatch):
    """What is drawn, by iteration."""
    seen, draw = {}, TrainingPicturesHook._draw

    def spied(self, runner, recorder, batch):
        seen[runner.iter + 1] = recorder.rows
        draw(self, runner, recorder, batch)

    monkeypatch.setattr(TrainingPicturesHook, '_draw', spied)
    return seen


def test_pictures_of_a_training(uda_config, run_tool, tmp_path, rows):
    out = tmp_path / 'run'
    arguments = ['--work-dir', out, '--pictures', 4]
    run_tool('train.py', uda_config(), *arguments)
    pictures = pictures_of(out)
    names = {f'training_{i}_{step}' for i in (0, 1) for step in (1, 4)}
    assert pictures.keys() == names and rows.keys() == {1, 4}
    for colour in PALETTE:  # of labels and of the legend
        assert (pictures['training_0_4'] == colour).all(-1).sum() > 100
    of_first = rows.copy()

    # the same from a checkpoint in between
    resumed = tmp_path / 'resumed'
    arguments = ['--resume', out / 'iter_3.pth', '--pictures', 4]
    config = uda_config('again')
    run_tool('train.py', config, '--work-dir', resumed, *arguments)
    again = pictures_of(resumed)
    assert again.keys() == {'training_0_4', 'training_1_4'}
    for row, values in of_first[4].items():
        for name, value in values.items():
            found = rows[4][row][name]
            assert torch.equal(value.nan_to_num(), found.nan_to_num())
    for name, picture in again.items():
        assert (picture == pictures[name]).all()


def test_the_training_is_the_same(uda_config, run_tool, tmp_path):
    """Weights, statistics and the optimizer's moments, bit by bit."""
    states = []
    for options in ([], ['--pictures', 6, '--class-scalars', 2]):
        out = tmp_path / f'run_{len(states)}'
        config = uda_config(f'uda_{len(states)}')
        run_tool('train.py', config, '--work-dir', out, *options)
        states.append(torch.load(out / 'iter_6.pth'))
    plain, drawn = states
    for name, value in plain['state_dict'].items():
        assert torch.equal(value, drawn['state_dict'][name])
    plain, drawn = (x['optimizer']['state'] for x in states)
    for key, moments in plain.items():
        for name, value in moments.items():
            assert torch.equal(value, drawn[key][name])


def test_a_stock_segmentor(tiny_config, run_tool, tmp_path, rows):
    """With a loss of this package; the loop is mmengine's own."""
    config = tiny_config(
        **{
            'model.decode_head.loss_decode': dict(
                type='BLDALoss', num_classes=3, min_samples=5
            ),
            'train_cfg.type': 'IterBasedTrainLoop',
        }
    )
    out = tmp_path / 'run'
    run_tool('train.py', config, '--work-dir', out, '--pictures', 6)
    assert len(pictures_of(out)) == 4
    assert rows.keys() == {1, 6}
    found = rows[6]['source']
    assert set(found) == {'image', 'labels', 'prediction', 'offset'}
    assert found['offset'].nan_to_num().any()
    # 80 a class: images and labels are of each other
    image = (found['image'][:, 0] * 60 + 90).round()
    known = found['labels'] != 255
    assert ((image // 80 == found['labels']) | ~known).all()


def test_tensorboard(uda_config, run_tool, tmp_path):
    accumulator = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator'
    )
    out = tmp_path / 'run'
    backends = [dict(type='TensorboardVisBackend')]
    config = uda_config(**{'visualizer.vis_backends': backends})
    options = ['--pictures', 3, '--class-scalars', 3]
    run_tool('train.py', config, '--work-dir', out, *options)
    (file,) = out.glob('*/vis_data/events.out.tfevents.*')
    events = accumulator.EventAccumulator(str(file))
    events.Reload()
    assert set(events.Tags()['images']) == {'training_0', 'training_1'}
    images = events.Images('training_0')
    assert [event.step for event in images] == [1, 3, 6]
    assert images[0].width > images[0].height > 100
    shares = [
        [event.value for event in events.Scalars(f'pseudo.share/{name}')]
        for name in ('sky', 'road', 'car')
    ]
    np.testing.assert_allclose(np.sum(shares, 0), [1, 1], rtol=1e-6)


def test_bad_options(uda_config, run_tool, tmp_path, capsys):
    for option in ('--pictures', '--class-scalars'):
        with pytest.raises(SystemExit):
            run_tool('train.py', uda_config(), option, 0)
        assert 'expected an integer >= 1' in capsys.readouterr().err
    for i, (option, hook) in enumerate(
        dict(
            pictures='TrainingPicturesHook', class_scalars='ClassScalarsHook'
        ).items()
    ):
        config = uda_config(f'none_{i}', **{'visualizer.vis_backends': []})
        option = f'--{option.replace("_", "-")}'
        message = f'{hook} writes .* visualizer.vis_backends is empty'
        with pytest.raises(SystemExit, match=message):
            out = tmp_path / f'none_{i}'
            run_tool('train.py', config, option, 2, '--work-dir', out)
