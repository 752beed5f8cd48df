"""The published row beside a run is one of its settings."""

import copy
from dataclasses import replace

from mmengine.config import Config

from mmseg_balance.configuration.checks.settling import settle_config
from mmseg_balance.configuration.library import find_config
from mmseg_balance.configuration.reading import load_config
from mmseg_balance.runs.comparison.published import find_published
from mmseg_balance.runs.comparison.result import Result


def test_published_rows_are_of_the_same_settings(tmp_path):
    name = 'hrda_blda_mit-b5_40k_synthia2cityscapes-1024x1024'
    cfg = load_config(str(find_config(f'hrda/{name}')), relocate=False)
    settle_config(cfg)
    cfg.merge_from_dict({'randomness.seed': 2, 'work_dir': 'x'})
    result = Result(
        *(tmp_path, name, dict(mIoU=1.0)),
        part='student',
        settings=cfg,
        evaluated=cfg,
    )
    published, line = find_published(result)
    assert line == '' and published.scores['mIoU'] == 67.9
    assert published.scores['Acc_std'] == 17.9
    assert 'row synthia/hrda+blda, BLDA Tables 2, 9' in published.source
    changed = Config(dict(cfg))
    changed.train_cfg = dict(cfg.train_cfg) | dict(max_iters=100)
    result = Result(tmp_path, name, {}, part='student', settings=changed)
    published, line = find_published(result)
    assert published is None and 'train_cfg.max_iters' in line
    result = replace(result, settings=cfg)
    # as `test --tta` does it
    augmented = copy.deepcopy(cfg)
    augmented.model = dict(type='SegTTAModel', module=cfg.model)
    augmented.test_dataloader.dataset.pipeline = [dict(type='TestTimeAug')]
    published, line = find_published(replace(result, evaluated=augmented))
    assert published is None and 'test_dataloader.pipeline' in line
    for other in (
        Result(tmp_path, name, {}, part='teacher', settings=cfg),
        Result(tmp_path, 'mine', {}, settings=cfg),
        Result(tmp_path, name, {}, settings=cfg, iteration=1, length=9),
    ):
        assert find_published(other) == (None, '')
