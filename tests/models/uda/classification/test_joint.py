"""One pass over both domains."""

import pytest
import torch
from helpers.tiny_classifiers import classifier_cfg, image_batch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.models.recording import (
    IMAGE,
    PREDICTION,
    SOURCE,
    TARGET,
    recording,
)
from mmseg_balance.models.uda.classification import JointObjective, JointTerm


class LargestLogit(JointTerm):
    """Needs a parameter, the student's width, and both domains."""

    def attach(self, student):
        self.scale = nn.Parameter(torch.ones(student.decode_head.num_classes))

    def forward(self, outputs):
        self.seen = outputs
        pull = (outputs.target.logits[..., 0, 0] * self.scale).mean()
        return dict(loss_pull=pull, width=outputs.source.features.sum())


def joint(build, terms):
    return build(
        'UDASegmentor',
        segmentor=classifier_cfg(),
        objectives=[JointObjective(terms)],
    )


def test_domains_share_the_batch_and_not_the_losses(build, optimizers):
    torch.manual_seed(0)
    term = LargestLogit()
    model = joint(build, [term])
    assert model.trainable['objectives'] is not None
    step = model.prepare(image_batch())
    losses = model.objectives[0](model.student, step)
    both = torch.cat([step.source_images, step.target_images])
    logits = model.student(both)[..., 0, 0]
    expected = F.cross_entropy(logits[:4], step.source_labels[:, 0, 0])
    torch.testing.assert_close(losses['decode.loss_ce'], expected)
    torch.testing.assert_close(losses['loss_pull'], logits[4:].mean())
    assert term.seen.source.features.shape == (4, 4, 1, 1)
    norm = model.student.backbone.bn1
    assert norm.num_batches_tracked == 2  # one here, one in the objective
    logs = model.train_step(image_batch(), optimizers(model))
    assert {'joint.loss_pull', 'joint.width'} <= set(logs)
    assert not torch.equal(term.scale, torch.ones(4))


def test_without_terms_no_optimizer_is_asked_for(build):
    model = joint(build, [])
    assert model.objectives[0].optimizer_name is None
    assert 'objectives' not in model.trainable


def test_other_modules_are_no_terms():
    with pytest.raises(TypeError, match='JointTerm.*got ReLU'):
        JointObjective([nn.ReLU()])


class Notes:
    """Records everything, by row and name; the first counts."""

    def __init__(self):
        self.found = {}

    def wants(self, row, name):
        return (row, name) not in self.found

    def record(self, row, name, value):
        self.found[row, name] = value


def test_what_both_domains_are_predicted_to_be_is_noted(build, optimizers):
    torch.manual_seed(0)
    model = joint(build, [])
    notes = Notes()
    with recording(notes):
        model.train_step(image_batch(), optimizers(model))
    for row in SOURCE, TARGET:
        assert notes.found[row, IMAGE].shape == (4, 3, 8, 8)
        assert notes.found[row, PREDICTION].shape == (4, 1, 1)
