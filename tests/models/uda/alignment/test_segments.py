"""Segments, and distances of their features, against loops."""

import torch
from scipy import ndimage

from mmseg_balance.models.uda.alignment.distances import (
    nearest_distance,
    object_distance,
    stuff_distance,
)
from mmseg_balance.models.uda.alignment.feature_buffer import FeatureBuffer
from mmseg_balance.models.uda.alignment.segments import (
    SegmentFinder,
    mean_features,
)

STUFF, THINGS, MOST = (3, 0), (2, 1, 4), 3


def test_segments_are_stuff_and_the_largest_objects():
    generator = torch.Generator().manual_seed(0)
    classes = torch.randint(-1, 4, (2, 8, 11), generator=generator)
    features = torch.randn(2, 5, 8, 11, generator=generator)
    finder = SegmentFinder(STUFF, THINGS, MOST)
    segments = finder(classes)
    means = mean_features(features, segments)
    assert finder.classes.tolist() == [3, 0, 2, 2, 2, 1, 1, 1, 4, 4, 4]
    for image in range(2):
        masks = [classes[image] == c for c in STUFF]
        for c in THINGS:
            labels, count = ndimage.label(classes[image] == c, [[1] * 3] * 3)
            labels = torch.from_numpy(labels)
            own = [labels == i + 1 for i in range(count)]
            own.sort(key=lambda mask: int(mask.sum()))  # of equals the last
            own = own[::-1][:MOST]
            empty = torch.zeros(8, 11, dtype=torch.bool)
            masks += own + [empty] * (MOST - len(own))
        for s, mask in enumerate(masks):
            found = segments.masks[image, s].view(8, 11)
            assert torch.equal(found, mask)
            assert segments.sizes[image, s] == mask.sum()
            expected = torch.zeros(5)
            if mask.any():
                expected = features[image][:, mask].mean(1)
            torch.testing.assert_close(means[image, s], expected)


def test_a_map_of_segments():
    finder = SegmentFinder((3,), (1,), 1)
    classes = torch.tensor([[[3, 1, 1], [2, -1, 0], [1, 3, 0]]])
    found = finder.class_map(finder(classes), classes.shape, 255)
    expected = [[[3, 1, 1], [255, 255, 255], [255, 3, 255]]]
    assert found.tolist() == expected  # the smaller object does not count


def test_an_image_smaller_than_the_number_of_objects():
    finder = SegmentFinder((), (1,), 10)
    segments = finder(torch.tensor([[[1, 0, 1]]]))
    assert segments.sizes.tolist() == [[1, 1] + [0] * 8]
    # the one that comes later first
    assert segments.masks[0, 0].tolist() == [False, False, True]


def test_the_gradient_is_that_of_the_least_distance():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 3, 6, generator=generator).requires_grad_()
    buffer = torch.randn(2, 4, 6, generator=generator)
    found = nearest_distance(features, buffer)
    difference = (features[:, :, None] - buffer[:, None]).abs().mean(-1)
    expected = difference.min(-1).values
    torch.testing.assert_close(found, expected)
    weight = torch.rand(2, 3, generator=generator)
    gradients = [
        torch.autograd.grad((each * weight).sum(), features)[0]
        for each in (found, expected)
    ]
    torch.testing.assert_close(*gradients)


def test_losses_are_the_sums_of_the_equations():
    generator = torch.Generator().manual_seed(0)
    buffer = FeatureBuffer(3, 2, 4)
    fill = torch.randn(3, 3, 4, generator=generator)
    # the second class has a full buffer, and none that had to go
    buffer.write(fill, torch.tensor([[True] * 3, [True, False, True]] * 2)[:3])
    objects = torch.randn(3, 2, 5, 4, generator=generator)
    counts = torch.rand(3, 2, 5, generator=generator) < 0.5
    counts[0, 0] = False
    number, total, whole = 0, 0.0, 0.0
    for k in (0, 2):
        for n in range(2):
            distances = [
                min(
                    (objects[k, n, m] - kept).abs().mean()
                    for kept in buffer.features[k]
                )
                for m in range(5)
                if counts[k, n, m]
            ]
            if distances:
                total += sum(distances) / len(distances) / 2
                whole += sum(distances) / 2
            number += len(distances) / 2
    found, found_number = object_distance(objects, counts, buffer)
    torch.testing.assert_close(found, total)
    assert found_number == number
    stuff = objects.transpose(1, 2).flatten(1, 2)  # as of ten images
    of_stuff = counts.transpose(1, 2).flatten(1, 2)
    found = stuff_distance(stuff, of_stuff, buffer)
    torch.testing.assert_close(found, whole * 2 / 10)
