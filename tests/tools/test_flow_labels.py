"""Flow moves the labels of real frames."""

import numpy as np


def test_dis_moves_labels_better_than_no_motion(camvid, run_tool, capsys):
    tool = run_tool.load('benchmarks/flow_labels.py')
    tool.main(['--data-root', str(camvid), '--steps', '1', '--pairs', '4'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == 'step 1, 4 pairs'
    rows = {
        cells[1].strip(): cells[2:5]
        for cells in (line.split('|') for line in lines[4:])
    }
    still = float(rows['no motion'][0])
    moved, checked, share = map(float, rows['medium'])
    # 74.3, 89.0, 89.2 and 94.3 over all of the 100 pairs
    assert 70 < still < 80
    assert moved > still + 10
    assert checked > moved - 1
    assert 85 < share < 99


def test_mean_iou_counts_what_both_label(run_tool):
    tool = run_tool.load('benchmarks/flow_labels.py')
    label = np.array([[0, 0, 1, 255, 2]])
    moved = np.array([[0, 1, 1, 0, 255]])
    matrix = tool.confusion(label, moved)
    assert matrix.sum() == 3
    # 0: 1 of 2, 1: 1 of 2; no other class is there
    assert tool.mean_iou(matrix) == 50.0
