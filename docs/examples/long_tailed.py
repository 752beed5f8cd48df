"""Long-tailed classification: the first class is 100 times the last one."""

import torch
from lightning_classifier import BalancedClassifier
from torch import nn

C, RATIO = 5, 100.0
SHARES = RATIO ** (-torch.arange(C) / (C - 1))  # as CIFAR-LT is drawn


def draw(num, shares):
    """Points around C places on a circle, which overlap."""
    labels = shares.multinomial(num, replacement=True)
    angle = labels * (2 * torch.pi / C)
    places = torch.stack([angle.cos(), angle.sin()], dim=1)
    return 1.6 * places + 0.9 * torch.randn(num, 2), labels


def train(model, steps=150):
    """What lightning.Trainer does with such a module."""
    optimizer = model.configure_optimizers()
    for i in range(steps):
        batch = draw(256, SHARES)
        loss = model.training_step(batch, i)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.on_train_batch_end(loss, batch, i)


torch.manual_seed(0)
network = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, C))
model = BalancedClassifier(network, C, min_samples=1, warmup=0)
train(model)
images, labels = batch = draw(5000, torch.ones(C))
for found in (network(images).argmax(1), model.predict_step(batch, 0)):
    right = found == labels
    print(*(f'{right[labels == c].float().mean():.2f}' for c in range(C)))
