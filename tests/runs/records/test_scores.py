"""What is written of an evaluation beside its scores."""

import torch
from mmengine.config import Config

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics
from mmseg_balance.runs.records.scores import fitted_with


def test_a_fit_is_known_by_its_settings(tmp_path):
    torch.manual_seed(0)
    statistics = LogitStatistics(3, min_samples=5)
    logits, labels = torch.randn(1, 3, 20, 20), torch.randint(3, (1, 20, 20))
    statistics.collect(logits, labels)
    statistics.update()
    settings = dict(model={}, checkpoint='1234', max_images=64, anchor='all')
    path = str(tmp_path / 'statistics.pth')
    save_statistics(path, statistics, dict(settings=settings))
    balanced = dict(type='PostHocSegmentor', segmentor={}, statistics=path)
    kept = dict(statistics=dict(max_images=64, anchor='all'))
    for model in (balanced, dict(type='SegTTAModel', module=balanced)):
        assert fitted_with(Config(dict(model=model))) == kept
    save_statistics(path, statistics, {})
    assert fitted_with(Config(dict(model=balanced))) == {}
    assert fitted_with(Config(dict(model=dict(type='EncoderDecoder')))) == {}
