"""What a number chosen on labels of the target set would be."""

import json

from mmseg_balance.runs.reproduction.best_validation import best_validation


def write(folder, *lines):
    file = folder / '20260101_000000/vis_data/scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(line) + '\n' for line in lines))


def line(step, mean, overall, **scores):
    own = dict(mAcc=mean, Acc_std=9.0, aAcc=overall, step=step)
    return own | scores


def test_the_first_of_the_best_by_overall_accuracy(tmp_path):
    # the rule of the public code, on its numbers
    overall = (70.1, 72.5, 72.5, 71.0, 72.4)
    lines = [line(1000 * i, 60.0 + i, a) for i, a in enumerate(overall, 1)]
    write(tmp_path, dict(loss=1.0, step=1), *lines)
    (text,) = best_validation(tmp_path)
    assert text.startswith(
        'best validation by aAcc: mAcc 62.0, Acc_std 9.0, aAcc 72.5 '
        '(iteration 2000); chosen on labels of the target set, not used'
    )


def test_segmentors_and_trainings_without_a_validation_have_none(tmp_path):
    assert best_validation(tmp_path / 'none') == []
    write(tmp_path, line(1000, 60.0, 70.0, mIoU=50.0))
    assert best_validation(tmp_path) == []
