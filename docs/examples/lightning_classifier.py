"""A classifier that balances its logits, as a module that Lightning trains."""

import torch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.logits import LogitStatistics, post_hoc_scores


class BalancedClassifier(nn.Module):  # or lightning.LightningModule
    """Any network whose logits are (N, C), for labels (N,)."""

    def __init__(self, network, num_classes, tau=0.1, **settings):
        super().__init__()
        self.network, self.tau = network, tau
        # buffers: they are moved with the module and saved with its weights
        self.statistics = LogitStatistics(num_classes, **settings)

    def training_step(self, batch, batch_idx):
        """The loss of a batch."""
        images, labels = batch
        logits = self.network(images)
        offset = self.statistics.offset(logits, labels)  # Eq. 6
        self.statistics.collect(logits.detach(), labels)
        return F.cross_entropy(logits - self.tau * offset, labels)  # Eq. 9

    def on_train_batch_end(self, outputs, batch, batch_idx):
        """What follows the optimizer's step."""
        self.statistics.update()  # Eq. 8

    def predict_step(self, batch, batch_idx):
        """Balanced classes of a batch."""
        banks = self.statistics.source, self.statistics.anchors
        logits = self.network(batch[0])
        return post_hoc_scores(logits, *banks).argmax(1)  # Eq. 7

    def configure_optimizers(self):
        """For all weights; the statistics have none."""
        return torch.optim.Adam(self.parameters(), lr=0.02)
