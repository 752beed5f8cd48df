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


def test_two_sentences_follow_from_the_numbers():
    first, second = read_off(
        [
            method('A', 40.0, (-0.5, 3.25, -2.0)),
            method('B', 38.5, (0.5, 1.0, -1.0)),
        ],
        CLASSES,
    )
    assert first == (
        'A has learnt 2 of 3 classes (IoU above 5 %); the most over-predicted '
        'is car (bias +3.2 points), the most under-predicted pole (-2.0).'
    )
    assert second == (
        'Compared with it, of one seed, which alone does not tell an effect '
        'from noise: B has mIoU -1.5, mAcc -1.5, Acc_std +0.0 and a bias to '
        'car +1.0 and to pole -1.0.'
    )


def test_one_method_has_nothing_to_be_compared_with():
    assert len(read_off([method('A', 40.0, (1.0, 0.0, -1.0))], CLASSES)) == 1
