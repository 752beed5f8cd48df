from types import SimpleNamespace

from mmseg.models.losses import CrossEntropyLoss
from torch import nn

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.models.head_losses.logit_statistics import statistics_of
from mmseg_balance.models.losses import BLDALoss


class Follower(nn.Module):
    """Of a user: no BLDALoss, and it follows the logits."""

    def __init__(self):
        super().__init__()
        self.statistics = LogitStatistics(3)


def test_the_first_loss_that_follows_the_logits_counts():
    losses = [CrossEntropyLoss(), Follower(), BLDALoss(3)]
    head = SimpleNamespace(loss_decode=nn.ModuleList(losses))
    assert statistics_of(head) is losses[1].statistics
    assert statistics_of(SimpleNamespace(loss_decode=losses[0])) is None
