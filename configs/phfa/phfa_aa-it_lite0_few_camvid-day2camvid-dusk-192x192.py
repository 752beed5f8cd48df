_base_ = [
    './phfa_aa_lite0_few_camvid-day2camvid-dusk-192x192.py',
    '../_base_/styles/fourier.py',
]
source_pipeline = _base_.source_pipeline
source_pipeline.insert(-3, _base_.pop('source_style'))
train_dataloader = dict(dataset=dict(source=dict(pipeline=source_pipeline)))
