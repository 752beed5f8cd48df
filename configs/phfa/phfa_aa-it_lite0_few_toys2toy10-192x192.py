_base_ = [
    './phfa_aa_lite0_few_toys2toy10-192x192.py',
    '../_base_/styles/fourier.py',
]
source_pipeline = _base_.source_pipeline
source_pipeline.insert(-3, _base_.pop('source_style'))
train_dataloader = dict(
    dataset=dict(
        source=[
            dict(source, pipeline=source_pipeline)
            for source in _base_.train_dataloader.dataset.source
        ]
    )
)
