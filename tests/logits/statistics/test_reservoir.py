"""Samples of a pass: what is in them, and that nothing else matters."""

from io import BytesIO

import pytest
import torch

from mmseg_balance.logits.statistics.reservoir import MAX_BYTES, LogitReservoir


def image(number, shares=(0.7, 0.2, 0.1), size=(10, 12)):
    """An image's labels, and logits that tell image, pixel and logit.

    10 * (1000 * image + pixel) + logit, exact in float32; the first row is
    ignored.
    """
    generator = torch.Generator().manual_seed(number)
    pixels = size[0] * size[1]
    labels = torch.multinomial(
        torch.tensor(shares), pixels, replacement=True, generator=generator
    ).view(size)
    labels[0] = 255
    place = (1000 * number + torch.arange(pixels)).view(size)
    logits = 10 * place + torch.arange(len(shares)).view(-1, 1, 1)
    return logits.float(), labels


def filled(order, **kwargs):
    reservoir = LogitReservoir(3, **kwargs)
    for number in order:
        reservoir.add(*image(number), number)
    return reservoir


def contents(reservoir):
    return (
        reservoir.num_pixels,
        *reservoir.class_samples(),
        *reservoir.anchor_samples(),
        *reservoir.anchor_samples(1),
    )


def test_small_data_are_kept_whole():
    """Definition 1, pixel by pixel."""
    reservoir = filled([0, 1])
    samples, valid = reservoir.class_samples()
    expected = {(c, logit): [] for c in range(3) for logit in range(3)}
    for number in (0, 1):
        logits, labels = image(number)
        for y in range(10):
            for x in range(12):
                if (c := int(labels[y, x])) != 255:
                    for logit in range(3):
                        value = float(logits[logit, y, x])
                        expected[c, logit].append(value)
    for (c, logit), values in expected.items():
        assert sorted(samples[c, logit][valid[c]].tolist()) == sorted(values)
        assert reservoir.num_pixels[c] == len(values)
    assert valid.sum() == 2 * 9 * 12


def test_logits_of_one_pixel_stay_together():
    samples, valid = filled([0, 1, 2], capacity=9).class_samples()
    assert samples.shape == (3, 3, 9) and valid.all()
    for c in range(3):
        assert len(samples[c, 0].unique()) == 9  # without replacement
        for logit in (1, 2):
            assert torch.equal(samples[c, logit], samples[c, 0] + logit)


def test_neither_order_nor_interruption_matters():
    expected = contents(filled([0, 1, 2, 3, 4], capacity=20))
    other = contents(filled([3, 1, 0, 4, 2], capacity=20))
    first = filled([0, 1], capacity=20)
    buffer = BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    second = LogitReservoir(3, capacity=20)
    second.load_state_dict(torch.load(buffer, weights_only=True))
    for number in (2, 3, 4):
        first.add(*image(number), number)
        second.add(*image(number), number)
    for a, b, c, d in zip(expected, other, contents(first), contents(second)):
        assert torch.equal(a, b) and torch.equal(a, c) and torch.equal(a, d)
    assert not torch.equal(
        filled([0, 1, 2], capacity=20, seed=1).class_samples()[0],
        filled([0, 1, 2], capacity=20).class_samples()[0],
    )


def test_a_state_is_no_view_of_what_goes_on():
    reservoir = filled([0], capacity=20)
    state = reservoir.state_dict()
    before = state['num_pixels'].clone()
    reservoir.add(*image(1), 1)
    assert torch.equal(state['num_pixels'], before)


def test_each_pixel_is_as_likely_as_another():
    """400 draws of 30 from the pixels of class 0 of four images."""
    runs, capacity = 400, 30
    pool = torch.cat([image(n)[0][0][image(n)[1] == 0] for n in range(4)])
    hits = torch.zeros(len(pool))
    for seed in range(runs):
        reservoir = filled(range(4), capacity=capacity, seed=seed)
        samples = reservoir.class_samples()[0][0, 0]
        hits += torch.isin(pool, samples)
    share = capacity / len(pool)
    deviation = (runs * share * (1 - share)) ** 0.5
    assert hits.sum() == runs * capacity
    assert (hits - runs * share).abs().max() < 5 * deviation
    # and so is each image
    parts = [int((image(n)[1] == 0).sum()) for n in range(4)]
    for part in hits.split(parts):
        expected = runs * share * len(part)
        assert abs(part.sum() - expected) < 5 * expected**0.5


def test_anchors_are_of_pixels_as_frequent_as_their_class(monkeypatch):
    monkeypatch.setattr(
        'mmseg_balance.logits.statistics.reservoir.ANCHOR_SAMPLES', 2000
    )
    reservoir = LogitReservoir(3, capacity=50)
    shares = (0.7, 0.2, 0.1)
    for number in range(6):
        reservoir.add(*image(number, shares, (30, 30)), number)
    samples, valid = reservoir.anchor_samples()
    assert samples.shape == (2, 2000) and valid.all()
    positive, negative = samples.long() % 10
    counts = positive.bincount(minlength=3) / 2000
    # of the logits of one pixel, and never that of its class
    assert torch.equal(samples[0].long() // 10, samples[1].long() // 10)
    assert (positive != negative).all()
    for c, share in enumerate(shares):
        assert abs(counts[c] - share) < 5 * (share * (1 - share) / 2000) ** 0.5
        others = (
            negative[positive == c].bincount(minlength=3)
            / (positive == c).sum()
        )
        for other in {0, 1, 2} - {c}:
            bound = 5 * 0.5 / float((positive == c).sum()) ** 0.5
            assert abs(others[other] - 0.5) < bound


def test_anchors_of_one_class():
    reservoir = filled(range(3))
    samples, valid = reservoir.anchor_samples(2)
    labels = torch.stack([image(n)[1] for n in range(3)]).flatten(1)
    own = int((labels == 2).sum())
    assert samples.shape == (2, own) and valid.all()
    assert (samples.long() % 10 == 2).all()
    place = samples.long() // 10
    label = labels[place // 1000, place % 1000]
    assert (label[0] == 2).all()
    assert ((label[1] != 2) & (label[1] != 255)).all()


def test_other_labels_and_types():
    logits, labels = image(0)
    reservoir = LogitReservoir(3)
    reservoir.add(logits.half() * 0, labels.to(torch.uint8), 0)
    assert reservoir.class_samples()[0].dtype == torch.float32
    assert reservoir.num_pixels.sum() == 9 * 12
    reservoir.add(logits, torch.full_like(labels, 3), 1)
    reservoir.add(logits, torch.full_like(labels, -1), 2)
    assert reservoir.num_pixels.sum() == 9 * 12


def test_nothing_added():
    samples, valid = LogitReservoir(3).class_samples()
    assert samples.shape == (3, 3, 0) and valid.shape == (3, 0)
    assert LogitReservoir(3).anchor_samples()[0].shape == (2, 0)
    assert LogitReservoir(3).anchor_samples(1)[0].shape == (2, 0)


@pytest.mark.parametrize('num_classes', [11, 19, 150])
def test_memory_of_many_classes_is_bounded(num_classes):
    capacity = LogitReservoir(num_classes).capacity
    assert num_classes**2 * capacity * 4 <= MAX_BYTES
    assert capacity >= 2048


def test_bad_input():
    with pytest.raises(ValueError, match='num_classes.*at least 2'):
        LogitReservoir(1)
    with pytest.raises(ValueError, match='capacity.*at least 1'):
        LogitReservoir(3, capacity=0)
    logits, labels = image(0)
    reservoir = LogitReservoir(4)
    with pytest.raises(ValueError, match=r'\(4, H, W\).*got \(3, 10, 12\)'):
        reservoir.add(logits, labels, 0)
    with pytest.raises(ValueError, match=r'\(10, 12\), but got \(9, 12\)'):
        LogitReservoir(3).add(logits, labels[1:], 0)
    with pytest.raises(ValueError, match='`seed` 0, but got one with 5'):
        LogitReservoir(3).load_state_dict(
            LogitReservoir(3, seed=5).state_dict()
        )


def test_one_pixel_of_each_class_is_enough():
    assert LogitReservoir(3, capacity=1).capacity == 1
