"""BLDA's parts on the logits of any network: plain PyTorch, no config."""

import torch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.logits import LogitStatistics, post_hoc_scores

CENTRES = torch.tensor([[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]])


def draw_batch():
    """Two channels a pixel; 90, 7 and 3 % of the labels are 0, 1, 2."""
    shares = torch.tensor([0.90, 0.07, 0.03])
    labels = shares.multinomial(4 * 32 * 32, replacement=True)
    images = CENTRES[labels] + 0.8 * torch.randn(len(labels), 2)
    images = images.view(4, 32, 32, 2).permute(0, 3, 1, 2)
    return images, labels.view(4, 32, 32)


torch.manual_seed(0)
network = nn.Conv2d(2, 3, 1)  # any network whose logits are (N, C, H, W)
statistics = LogitStatistics(num_classes=3, min_samples=20, momentum=0.9)
optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
for _ in range(60):
    images, labels = draw_batch()
    logits = network(images)
    offset = statistics.offset(logits, labels)  # Eq. 6, without gradient
    loss = F.cross_entropy(logits - 0.5 * offset, labels)  # Eq. 9
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    statistics.collect(logits.detach(), labels)
    statistics.update()  # Eq. 8
images, labels = draw_batch()
logits = network(images).detach()
banks = statistics.source, statistics.anchors
for scores in (logits, post_hoc_scores(logits, *banks)):  # Eq. 7
    right = scores.argmax(1) == labels
    print(*(f'{right[labels == c].float().mean():.2f}' for c in range(3)))
