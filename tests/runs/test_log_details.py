"""Settings of single parameters are in the log file alone."""

import torch
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper

from mmseg_balance.runs.log_details import keep_details_in_file


def test_settings_of_parameters(tmp_path, capfd):
    file = tmp_path / 'run.log'
    logger = MMLogger.get_instance(tmp_path.name, log_file=str(file))
    for _ in range(2):
        keep_details_in_file(logger)
    assert len(logger.filters) == 1
    optimizer = dict(type='SGD', lr=0.1, weight_decay=0.1)
    teacher = torch.nn.Linear(2, 2).requires_grad_(False)
    build_optim_wrapper(
        torch.nn.ModuleDict(dict(head=torch.nn.Linear(2, 2), teacher=teacher)),
        dict(
            optimizer=optimizer,
            paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10))),
        ),
    )
    logger.info('another line')
    output = capfd.readouterr()
    shown = output.out + output.err
    assert 'another line' in shown and 'paramwise_options' not in shown
    assert 'teacher.weight is skipped' not in shown
    assert 'teacher.weight is skipped' in file.read_text()
    kept = [x for x in file.read_text().splitlines() if 'paramwise' in x]
    assert any('DEBUG' in x and 'head.weight:lr=1.0' in x for x in kept)
