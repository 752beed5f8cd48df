# Toy streets as toy2toy_128_panoptic.py has them, with the targets of a
# top-down branch.
_base_ = './toy2toy_128_panoptic.py'
source_pipeline = _base_.source_pipeline
source_pipeline[-2].update(instances=True, centers=False)
train_dataloader = dict(dataset=dict(source=dict(pipeline=source_pipeline)))
