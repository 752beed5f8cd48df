"""What an objective keeps of an iteration is told."""

import torch
from torch import nn

from mmseg_balance.runs.dry_run.kept_state import noted_changes


def test_what_is_kept_is_named_and_buffers_are_not():
    objective = nn.Module()
    objective.register_buffer('mean', torch.zeros(2))
    objective.seen, objective.names, objective.count = None, [], 0
    objective.rate, objective.table = 0.5, torch.ones(3)
    model = nn.Module()
    model.objectives = nn.ModuleList([nn.Module(), objective])
    lines = []
    with noted_changes(model, lines):
        objective.mean = torch.ones(2)
        objective.eval()
        objective.shared = (None, model)
    assert lines == []
    with noted_changes(model, lines):
        objective.seen, objective.count = torch.ones(2), 1
        objective.names.append('a')
        objective.last = objective.table
    (line,) = lines
    assert 'objectives[1] Module keeps count, last, names, seen of' in line
    with noted_changes(model, lines):
        objective.seen = torch.zeros(2)
        objective.names[0] = torch.ones(2)
    assert 'Module keeps names, seen of' in lines[1]
    with noted_changes(nn.Module(), lines):
        pass
    assert len(lines) == 2
