"""What the demo says of its numbers."""

from mmseg_balance.runs.demo.reading import num_learnt, read_off
from mmseg_balance.visualization.comparison import ComparedMethod

CLASSES = ('road', 'car', 'pole')


def method(name, miou, bias, iou=(90.0, 5.0, 5.01)):
    scores = dict(mIoU=miou, mAcc=miou + 10, Acc_std=20.0)
    for c, b, i in zip(CLASSES, bias, iou, strict=True):
        scores |= {f'Bias.{c}': b, f'IoU.{c}': i}
    return ComparedMethod(name, scores)


def test_learnt_is_more_than_5_iou():
    scores = {'IoU.road': 90.0, 'IoU.car': 5.0}  # a class may be absent
    assert num_learnt(scores, CLASSES) == 1


def test_sentences_follow_from_the_numbers():
    found = read_off(
        [
            method('A', 40.0, (-0.5, 3.25, -2.0)),
            method('B', 38.5, (0.5, 1.0, -1.0)),
            method('C', 41.0, (0.5, -1.0, -1.0), iou=(80.0, 6.0, 25.01)),
        ],
        CLASSES,
    )
    assert found == [
        'A has learnt 2 of 3 classes (IoU above 5 %). Most over-predicted is '
        'car: bias +3.2 points, where 0 is balanced; most under-predicted is '
        'pole: -2.0, where -33.3 is never.',
        'From A to B / C: bias to car +3.2 to +1.0 / -1.0; mAcc 50.0 to 48.5 '
        '/ 51.0; mIoU 40.0 to 38.5 / 41.0.',
        'The IoU of single classes changes by -10.0 (road) to +20.0 (pole) '
        'from A to C.',
    ]


def test_one_method_has_nothing_to_be_compared_with():
    assert len(read_off([method('A', 40.0, (1.0, 0.0, -1.0))], CLASSES)) == 1
