"""Three iterations of the public training loop, number by number."""

from contextlib import contextmanager

import pytest
import torch
from helpers.reference import reference, whole_files
from helpers.tiny_classifiers import package_name, reference_classifier
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.models.uda.classification import SDAT, ClassificationMIC
from mmseg_balance.models.uda.objectives import masked

FILES = (
    'classification/step_mic_entropy_tradeoff',
    *whole_files(
        *(
            f'classification/step_{name}'
            for name in (
                'sdat',
                'mic_resnet_like',
                'mic_vit_like',
                'mic_entropy_tradeoff',
            )
        )
    ),
)
FACTORS = dict(backbone=0.1, bottleneck=1.0, head=1.0)
# mmseg's mean divides by N + 1.2e-7, and pseudo-labels weigh in float32
TOLERANCE = 1e-6


class AsGiven(nn.Module):
    """A data preprocessor for images that are normalised, in float64."""

    def forward(self, data, training=False):
        for sample in data['data_samples']:
            sample.set_metainfo(dict(padding_size=(0, 0, 0, 0)))
        return data


def build_model(case):
    """The method of a file, with its weights."""
    vector = bool(case['vector_backbone'])
    student = reference_classifier(case, vector)
    settings = dict(
        mcc=dict(temperature=float(case['temperature'])),
        cdan=dict(
            hidden=int(case['disc_hidden']),
            entropy_conditioning=bool(case['entropy_conditioning']),
        ),
        trade_off=float(case['trade_off']),
    )
    if 'mask' in case:
        weight = str(case['pseudo_label_weight'])
        model = ClassificationMIC(
            student,
            masked_consistency=dict(augmentation=None),
            alpha=float(case['ema_alpha']),
            pseudo_weighting='confidence' if weight == 'prob' else 'pixel',
            **settings,
        )
    else:
        model = SDAT(student, **settings)
    term = model.objectives[0].terms[0]
    state = {
        k.removeprefix('disc_init__').replace('__', '.'): v
        for k, v in case.items()
        if k.startswith('disc_init__')
    }
    term.double().discriminator.load_state_dict(state)
    term.calls.fill_(case['grl_iter_start'])
    model.data_preprocessor = AsGiven()
    if model.teacher is not None:
        model.copy_student()
    return model.train()


def optimization(model, case):
    """SAM and the rates of the public settings."""
    sgd = dict(type='SGD', nesterov=True)
    for key in ('lr', 'momentum', 'weight_decay'):
        sgd[key] = float(case[key])
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='SAMOptimWrapper',
            constructor='StudentOptimWrapperConstructor',
            rho=float(case['rho']),
            optimizer=sgd,
            paramwise_cfg=dict(
                custom_keys={'student.backbone': dict(lr_mult=0.1)}
            ),
        ),
    )
    scheduler = PARAM_SCHEDULERS.build(
        dict(
            type='InverseLR',
            gamma=float(case['lr_gamma']),
            power=float(case['lr_decay']),
            by_epoch=False,
        ),
        default_args=dict(optimizer=wrapper),
    )
    return wrapper, scheduler


def batch(case, i):
    def samples(labels):
        for label in labels:
            sample = SegDataSample()
            sample.gt_sem_seg = PixelData(data=label.view(1, 1, 1))
            yield sample

    return dict(
        source=dict(
            inputs=case['x_s'][i], data_samples=[*samples(case['y_s'][i])]
        ),
        target=dict(
            inputs=case['x_t'][i],
            data_samples=[SegDataSample() for _ in case['x_t'][i]],
        ),
    )


class Noted:
    """What the passes of a step give, noted around the optimizer's.

    Attributes:
        values: By name and pass: losses, in the order of the objectives, and
            gradients and moves of the parameters in ``parts``.
    """

    def __init__(self, model, wrapper, parts, monkeypatch):
        self.parts, self.values, self.number = parts, {}, 0
        around, parse = wrapper.pass_context, model.parse_losses

        @contextmanager
        def pass_context(number):
            self.number = number
            before = {k: flat(v) for k, v in parts.items()}
            with around(number):
                for key, part in parts.items():
                    self.note(f'moved_{key}', flat(part) - before[key])
                yield
                for key, part in parts.items():
                    self.note(f'grad_{key}', gradient(part))

        def parse_losses(losses):
            for key, value in losses.items():
                self.note(key, value.detach())
            return parse(losses)

        monkeypatch.setattr(wrapper, 'pass_context', pass_context)
        monkeypatch.setattr(model, 'parse_losses', parse_losses)

    def note(self, key, value):
        self.values.setdefault((key, self.number), []).append(value)

    def take(self):
        values, self.values = self.values, {}
        return values


def gradient(parameters):
    """All zeros where none of them has one."""
    return flat(
        torch.zeros_like(p) if p.grad is None else p.grad for p in parameters
    )


def flat(tensors):
    return torch.cat([t.detach().double().flatten() for t in tensors])


def named(parts, names):
    parts = dict(parts)
    return [parts[package_name(str(name))] for name in names]


def rates_of(wrapper, parts):
    """Rate of each parameter."""
    rates = {
        p: group['lr']
        for group in wrapper.optimizer.param_groups
        for p in group['params']
    }
    return [rates[p] for p in parts]


@pytest.mark.parametrize('name', FILES)
def test_iterations_are_those_of_the_public_code(name, monkeypatch):
    case = reference(name)
    has_masks = 'mask' in case
    trade_off = float(case['trade_off'])
    model = build_model(case)
    student, term = model.student, model.objectives[0].terms[0]
    wrapper, scheduler = optimization(model, case)
    own = dict(term.discriminator.named_parameters())
    parts = dict(
        student=named(student.named_parameters(), case['names']),
        adversary=[own[str(key)] for key in case['disc_names']],
    )
    noted = Noted(model, wrapper, parts, monkeypatch)

    def close(found, key):
        expected = case[key][i].double()
        found = torch.as_tensor(found, dtype=torch.double)
        error = (found.reshape(expected.shape) - expected).abs().max()
        assert error < TOLERANCE, (key, i, float(error))

    for i in range(len(case['x_s'])):
        if has_masks:
            mask = case['mask'][i].double()[:, None]
            monkeypatch.setattr(masked, 'block_mask', lambda *_, m=mask: m)
            if i:
                model.update_teacher(i)
            teacher = named(model.teacher.named_parameters(), case['names'])
            close(flat(teacher), 'teacher_params')
        model.teacher_is_current = True
        rates = rates_of(wrapper, [*parts['student'], *parts['adversary']])
        names = [str(key) for key in case['names']]
        starts = [
            next(j for j, key in enumerate(names) if key.startswith(part))
            for part in FACTORS
        ]
        close([*(rates[j] for j in starts), rates[-1]], 'lrs')

        logs = model.train_step(batch(case, i), wrapper)
        found = noted.take()
        for number, weight in ((1, 1.0), (2, trade_off)):
            source, *of_masks = found['decode.loss_ce', number]
            close(source, f'cls_pass{number}')
            mcc = found['loss_mcc', number][0]
            close(mcc / weight, f'mcc_pass{number}')
            for loss in of_masks:
                close(loss / weight, f'mask_loss_pass{number}')
            assert len(of_masks) == has_masks
            close(found['grad_student', number][0], f'grad{number}')
        assert ('loss_cdan', 1) not in found
        assert not found['grad_adversary', 1][0].any()
        assert not found['moved_adversary', 2][0].any()
        close(found['moved_student', 2][0], 'e_w')
        close(found['loss_cdan', 2][0] / trade_off, 'domain_loss_pass2')
        close(found['acc_domain', 2][0], 'domain_accuracy')
        close(found['grad_adversary', 2][0], 'disc_grad')
        assert logs['pass1.loss'] == pytest.approx(case['total_pass1'][i])
        assert logs['loss'] == pytest.approx(case['total_pass2'][i])
        close(flat(parts['student']), 'params_after')
        close(flat(parts['adversary']), 'disc_params_after')
        momentum = [
            wrapper.optimizer.state[p]['momentum_buffer']
            for p in parts['student']
        ]
        close(flat(momentum), 'momentum_after')
        for module, key in (
            (student, 'buffers_after'),
            (model.teacher, 'teacher_buffers_after'),
        ):
            if key in case:
                buffers = module.named_buffers()
                close(flat(named(buffers, case['buffer_names'])), key)
        buffers = dict(term.discriminator.named_buffers())
        names = [str(key) for key in case['disc_buffer_names']]
        close(flat(buffers[key] for key in names), 'disc_buffers_after')
        scheduler.step()
    assert term.calls == case['grl_iter'][-1] + 1
