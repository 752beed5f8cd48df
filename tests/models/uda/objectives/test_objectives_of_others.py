"""Objectives that are defined outside of the package, new and of 0.1.0."""

import copy
import weakref
from contextlib import nullcontext
from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.uda import (
    AdversarialObjective,
    ClassMixedObjective,
    Objective,
)
from mmseg_balance.models.uda.density.density_estimation import (
    DensityEstimation,
)
from mmseg_balance.models.uda.objectives import step as steps
from mmseg_balance.models.uda.teacher.image_logits import (
    image_logits,
    recorded_logits,
)

SEEN = []  # weak references to what critics learned from


@MODELS.register_module()
class Critic(Objective):
    """Learns from the source's logits, and draws those of the target up."""

    prefix = optimizer_name = 'critic'
    needs_target = True
    needs_pseudo_labels = False

    def attach(self, student):
        self.net = nn.Conv2d(student.decode_head.num_classes, 1, 1)

    def around(self, student, objective):
        assert all(seen() is None for seen in SEEN)  # nothing is kept
        if objective.prefix == 'src':
            return recorded_logits(student, auxiliary=False)
        return nullcontext()

    def own_losses(self, record):
        SEEN.append(weakref.ref(record['decode']))
        scores = self.net(record['decode'])
        return dict(
            loss_source=scores.square().mean(), mean=scores.detach().mean()
        )

    def forward(self, student, step):
        logits = image_logits(student, step.target_images, False)['decode']
        return dict(loss_fool=-0.1 * self.net(logits).mean())


@MODELS.register_module()
class SecondCritic(Critic):
    """Another one, with an optimizer of its own, too."""

    prefix = optimizer_name = 'second'


@MODELS.register_module()
class Projected(Critic):
    """What it draws up is learned together with the student."""

    prefix = 'projected'
    optimizer_name = 'student'

    def around(self, student, objective):
        return nullcontext()


PARTS = ('student', 'critic', 'second')


def critics(build):
    kinds = ('SourceObjective', 'Critic', 'SecondCritic', 'Projected')
    torch.manual_seed(0)
    return build('UDASegmentor', objectives=[dict(type=k) for k in kinds])


def wrappers(model, **rates):
    assert tuple(model.optimized) == PARTS
    return OptimWrapperDict(
        **{
            name: OptimWrapper(
                torch.optim.Adam(module.parameters(), rates.get(name, 0.01))
            )
            for name, module in model.optimized.items()
        }
    )


def flat(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.mark.parametrize('moved', PARTS)
def test_each_optimizer_moves_its_own_alone(build, batch, moved):
    model = critics(build)
    found = wrappers(model, **{k: 0.0 for k in PARTS if k != moved})
    before = {k: flat(part) for k, part in model.optimized.items()}
    projected = flat(model.objectives[3])
    model.train_step(batch(), found)
    for name, part in model.optimized.items():
        assert torch.equal(before[name], flat(part)) is (name != moved)
    changed = not torch.equal(projected, flat(model.objectives[3]))
    assert changed is (moved == 'student')


def test_a_critic_learns_from_its_own_losses_alone(build, batch):
    model, data = critics(build), batch()
    net = copy.deepcopy(model.objectives[1].net)
    student = copy.deepcopy(model.student)
    found = OptimWrapperDict(
        **{
            name: OptimWrapper(torch.optim.SGD(module.parameters(), 0.5))
            for name, module in model.optimized.items()
        }
    )
    step = model.prepare(copy.deepcopy(data))
    with torch.no_grad():
        logits = student.decode_head(student.extract_feat(step.source_images))
        logits = nn.functional.interpolate(logits, (32, 32), mode='bilinear')
    scores = net(logits)
    loss = scores.square().mean()
    loss.backward()
    logs = model.train_step(data, found)
    # a loss of its own is no term of the student's
    assert logs['critic.loss_source'] == pytest.approx(loss.item())
    assert logs['critic.mean'] == pytest.approx(scores.mean().item())
    assert logs['loss'] == pytest.approx(
        logs['src.decode.loss_ce']
        + sum(
            logs[f'{k}.loss_fool'] for k in ('critic', 'second', 'projected')
        )
    )
    for own, expected in zip(
        model.objectives[1].parameters(), net.parameters()
    ):
        torch.testing.assert_close(own, expected - 0.5 * expected.grad)


def test_they_go_on_as_if_nothing_had_happened(build, batch):
    whole = critics(build)
    found = wrappers(whole)
    for seed in range(4):
        if seed == 2:
            saved = copy.deepcopy((whole.state_dict(), found.state_dict()))
        expected = whole.train_step(batch(seed=seed), found)
    torch.manual_seed(9)
    resumed = build(
        'UDASegmentor',
        objectives=[dict(type=k) for k in type_names(whole)],
    )
    found = wrappers(resumed)
    resumed.load_state_dict(saved[0])
    found.load_state_dict(saved[1])
    for seed in (2, 3):
        logs = resumed.train_step(batch(seed=seed), found)
    assert logs == expected
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def type_names(model):
    return [type(objective).__name__ for objective in model.objectives]


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(own_losses=Objective.own_losses), 'no own_losses'),
        (dict(optimizer_name=None), 'set its optimizer_name'),
        (dict(optimizer_name='second'), r"\['second', 'second'\]"),
        (dict(around=Objective.around), 'no around that yields'),
        (dict(prefix='src'), "'src', 'src'.*of SourceObjective, Critic"),
    ],
)
def test_optimizers_that_cannot_work(build, monkeypatch, changes, message):
    for name, value in changes.items():
        monkeypatch.setattr(Critic, name, value)
    with pytest.raises(ValueError, match=message):
        critics(build)


def test_objectives_that_cannot_be_logged(build, monkeypatch):
    monkeypatch.setattr(Critic, 'prefix', None)
    with pytest.raises(TypeError, match='Critic.prefix is None, expected'):
        critics(build)


@pytest.mark.parametrize(
    'method, gives, message',
    [
        ('forward', lambda *_: torch.ones(()), 'Critic.forward gave a Ten'),
        ('forward', lambda *_: dict(x=torch.ones(())), 'Critic gave .*noth'),
        ('forward', lambda *_: dict(loss=torch.ones(())), 'Critic .*a gradi'),
        ('forward', lambda *_: dict(loss=0.5), 'forward gave loss=0.5, exp'),
        ('own_losses', lambda *_: torch.ones(()), 'Critic.own_losses gave a'),
        ('around', lambda *_: {}, 'Critic.around gave a dict, expected a co'),
    ],
)
def test_what_cannot_be_learnt_from(
    build, batch, monkeypatch, method, gives, message
):
    model = critics(build)
    monkeypatch.setattr(Critic, method, gives)
    with pytest.raises((TypeError, ValueError), match=message):
        model.train_step(batch(), wrappers(model))


@pytest.mark.parametrize('is_given', [True, False])
def test_errors_name_the_objective(build, batch, optimizers, is_given):
    class Reads(Objective):
        prefix = 'reads'
        needs_target, needs_pseudo_labels = is_given, False

        def forward(self, student, step):
            labels = step.pseudo if is_given else step.target_images
            return dict(loss=labels.shape)

    model = build('UDASegmentor', objectives=[Reads()])
    with pytest.raises((AttributeError, RuntimeError)) as error:
        model.train_step(batch(), optimizers(model))
    (note,) = error.value.__notes__
    assert note.startswith('Reads.forward, without ')
    assert ('target images' in note) != is_given


def test_a_missing_optimizer_is_named(build, batch):
    model = critics(build)
    found = wrappers(model)
    del found.optim_wrappers['second']
    with pytest.raises(
        TypeError,
        match=r"\['critic', 'second', 'student'\].*\['critic', 'student'\]",
    ):
        model.train_step(batch(), found)


def test_a_record_may_be_of_no_use(build, batch, monkeypatch):
    """Without losses of its own a critic stays, and its words are logged."""
    model = critics(build)
    found = wrappers(model)
    monkeypatch.setattr(
        Critic, 'own_losses', lambda self, record: dict(n=torch.tensor(3.0))
    )
    monkeypatch.setattr(
        Projected, 'around', lambda self, *args: nullcontext('a record')
    )
    monkeypatch.setattr(Projected, 'own_losses', Objective.own_losses)
    before = flat(model.objectives[1])
    logs = model.train_step(batch(), found)
    assert logs['critic.n'] == logs['second.n'] == 3
    assert torch.equal(before, flat(model.objectives[1]))


def test_a_name_in_the_log_stands_for_one_thing(build, batch, monkeypatch):
    model = critics(build)
    monkeypatch.setattr(
        Critic,
        'own_losses',
        lambda self, record: dict(loss=self.net.bias.sum()),
    )
    with pytest.raises(ValueError, match=r"\['critic.loss'\].*twice"):
        model.train_step(batch(), wrappers(model))


def test_methods_of_0_1_0_that_nobody_calls_are_refused():
    with pytest.raises(TypeError, match='discriminator_losses.*own_losses'):

        class Penalised(AdversarialObjective):
            def discriminator_losses(self):
                return {}

    class Watching:
        def watching(self, student):
            """Keep what it predicts."""

    with pytest.raises(TypeError, match='Kept.watching.*around'):
        type('Kept', (Watching, AdversarialObjective), {})


class ReadsTheStep(Objective):
    """As one could be written for 0.1.0."""

    prefix = 'old'
    needs_target = True

    def forward(self, student, step):
        self.found = step.teacher, step.density
        return dict(loss=step.teacher(step.target_images).mean())


def test_an_objective_of_0_1_0_finds_the_modules_in_the_step(build, batch):
    loss = dict(type='BLDALoss', num_classes=4)
    objectives = [dict(type='SourceObjective'), ReadsTheStep()]
    model = build(
        'UDASegmentor',
        loss,
        objectives=objectives,
        alpha=0.9,
        density_estimation={},
    )
    step = model.prepare(batch())
    with pytest.warns(DeprecationWarning) as warned:
        model.objectives[1](model.student, step)
    assert model.objectives[1].found == (model.teacher, model.density)
    assert {str(w.message)[:15] for w in warned} == {
        'UDAStep.teacher',
        'UDAStep.density',
    }
    assert {w.filename for w in warned} == {__file__}


def test_shown_is_the_former_name_of_training_batch(build, batch):
    with pytest.warns(DeprecationWarning, match='Grey.shown.*training_batch'):

        class Grey(ClassMixedObjective):
            def shown(self, step):
                made = super().shown(step)
                return replace(made, images=torch.zeros_like(made.images))

    model = build('UDASegmentor', objectives=[Grey()], alpha=0.9)
    step = model.prepare(batch())
    assert not model.objectives[0].training_batch(step).images.any()
    seen = []
    model.student.backbone.register_forward_pre_hook(
        lambda _, args: seen.append(args[0])
    )
    model.objectives[0](model.student, step)
    assert not seen[0].any()
    with pytest.warns(DeprecationWarning, match='Mixed.shown'):

        class Given:
            def shown(self, step):
                return 'given'

        class Mixed(Given, ClassMixedObjective):
            pass

    assert Mixed().training_batch(step) == Mixed().shown(step) == 'given'
    with pytest.warns(DeprecationWarning, match='TrainingBatch'):
        assert steps.ShownBatch is steps.TrainingBatch


def test_a_step_is_as_it_was_made(build, batch):
    step = build().prepare(batch())
    with pytest.raises(FrozenInstanceError):
        step.pseudo = None


def test_shared_modules_are_the_models_alone(build):
    model = build(
        loss=dict(type='BLDALoss', num_classes=4), density_estimation={}
    )
    assert not list(model.objectives.parameters())
    copied = copy.deepcopy(model)
    for of in (model, copied):
        for objective in of.objectives:
            assert objective._shared == (of.density,)


def test_an_objective_that_makes_the_teacher_its_own_is_refused(build):
    class Greedy(ReadsTheStep):
        def share(self, teacher, density):
            self.parts = nn.ModuleDict(dict(teacher=teacher))

    with pytest.raises(TypeError, match='Greedy.parts.teacher.*tuple'):
        build('UDASegmentor', objectives=[Greedy()], alpha=0.9)


def test_what_a_subclass_sets_later_is_shared_as_well(build, batch):
    """As segmentors of 0.1.0 do, whose objectives found it in the step."""
    loss = dict(type='BLDALoss', num_classes=4)
    model = build('DACS', loss)
    model.density = DensityEstimation(model.student.decode_head)
    logs = model.train_step(batch(), wrapper_of(model))
    assert {'src.decode.loss_density', 'mix.decode.loss_density'} <= set(logs)
    model.density = None
    model.teacher_is_current = True
    logs = model.train_step(batch(), wrapper_of(model))
    assert not any('density' in name for name in logs)


def wrapper_of(model):
    parameters = model.trainable.parameters()
    return OptimWrapper(torch.optim.SGD(parameters, 0.1))


def test_a_loss_scaler_may_have_nothing_to_scale(build, batch, monkeypatch):
    """float16, with a critic that leaves an iteration out."""

    class Scaled(OptimWrapper):
        def __init__(self, optimizer):
            super().__init__(optimizer)
            self.scaler = torch.amp.GradScaler('cpu')

        def backward(self, loss, **kwargs):
            self.scaler.scale(loss).backward()
            self._inner_count += 1

        def step(self, **kwargs):
            self.scaler.step(self.optimizer)
            self.scaler.update()

    model = critics(build)
    found = OptimWrapperDict(
        **{
            name: Scaled(torch.optim.SGD(module.parameters(), 0.1))
            for name, module in model.optimized.items()
        }
    )
    losses = Critic.own_losses
    for learns in (False, True):
        monkeypatch.setattr(
            Critic, 'own_losses', losses if learns else lambda *_: {}
        )
        before = flat(model.objectives[1])
        model.train_step(batch(), found)
        assert torch.equal(before, flat(model.objectives[1])) is not learns
