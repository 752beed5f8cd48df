"""When the hook records and draws, and what it refuses."""

import weakref
from types import SimpleNamespace

import pytest
import torch
from mmengine.visualization import Visualizer
from torch import nn

from mmseg_balance.engine.hooks import (
    TrainingPicturesHook,
    training_pictures_hook,
)
from mmseg_balance.models.recording import is_recording, note, noted_in


class Noting(nn.Module):
    """A model that notes an image by itself."""

    notes_steps = True

    def train_step(self, images):
        with noted_in('source'):
            note('image', images)
            note('labels', images[:, 0].long())


class Backend:
    """Keeps what it is given."""

    def __init__(self):
        self.added = []

    def add_image(self, name, image, step=0, **kwargs):
        self.added.append((name, step, image))


@pytest.fixture
def runner():
    visualizer = Visualizer(vis_backends=None)
    visualizer._vis_backends = dict(own=Backend())
    dataset = SimpleNamespace(metainfo=dict(classes=('a', 'b')))
    return SimpleNamespace(
        model=Noting(),
        visualizer=visualizer,
        train_dataloader=SimpleNamespace(dataset=dataset),
        iter=0,
    )


def train(hook, runner, begin, end, images):
    """Iterations that were recorded, and those that were drawn."""
    recorded = []
    hook.before_train(runner)
    for runner.iter in range(begin, end):
        hook.before_train_iter(runner, 0, None)
        if is_recording():
            recorded.append(runner.iter + 1)
        runner.model.train_step(images)
        hook.after_train_iter(runner, 0, None, {})
        assert not is_recording() and hook._recorder is None
    (backend,) = runner.visualizer._vis_backends.values()
    return recorded, [(name, step) for name, step, _ in backend.added]


def test_when_it_draws(runner):
    images = torch.rand(2, 3, 8, 8)
    hook = TrainingPicturesHook(interval=4)
    recorded, drawn = train(hook, runner, 0, 9, images)
    assert recorded == [1, 4, 8]
    assert drawn == [(f'training_{i}', s) for s in (1, 4, 8) for i in (0, 1)]
    # one image is enough, a resumed run goes on where it would have
    runner.visualizer._vis_backends = dict(own=Backend())
    hook = TrainingPicturesHook(interval=4, num_samples=1)
    recorded, drawn = train(hook, runner, 5, 9, images)
    assert recorded == [8] and drawn == [('training_0', 8)]
    runner.visualizer._vis_backends = dict(own=Backend())
    hook = TrainingPicturesHook(interval=1, num_samples=5)
    _, drawn = train(hook, runner, 0, 1, images)
    assert drawn == [('training_0', 1), ('training_1', 1)]


def test_nothing_is_kept(runner, monkeypatch):
    """The copies of the images are let go of with the picture."""
    hook, kept = TrainingPicturesHook(interval=1), []
    draw = hook._draw

    def spied(runner, recorder, batch):
        kept.append(weakref.ref(recorder.rows['source']['image']))
        draw(runner, recorder, batch)

    monkeypatch.setattr(hook, '_draw', spied)
    train(hook, runner, 0, 2, torch.rand(2, 3, 8, 8))
    assert len(kept) == 2 and [image() for image in kept] == [None, None]


def test_other_ranks_do_nothing(runner, monkeypatch):
    monkeypatch.setattr(
        training_pictures_hook, 'is_main_process', lambda: False
    )
    hook = TrainingPicturesHook(interval=1)
    assert train(hook, runner, 0, 3, torch.rand(2, 3, 8, 8)) == ([], [])


@pytest.mark.parametrize('name', ['interval', 'num_samples'])
@pytest.mark.parametrize('value', [0, -2, 1.5, True, '3'])
def test_counts_of_none(name, value):
    message = f'`{name}` of TrainingPicturesHook to be a whole number'
    with pytest.raises(ValueError, match=message):
        TrainingPicturesHook(**{name: value})


def test_no_backend(runner):
    runner.visualizer._vis_backends = {}
    with pytest.raises(ValueError, match='visualizer.vis_backends is empty'):
        TrainingPicturesHook().prepare(runner)
