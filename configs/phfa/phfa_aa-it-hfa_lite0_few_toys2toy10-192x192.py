_base_ = [
    '../_base_/models/lite0_daformer.py',
    '../_base_/datasets/toys2toy_192_few.py',
    '../_base_/schedules/adamw_few_shot_adversarial.py',
    '../_base_/uda/phfa_lite0.py',
    '../_base_/styles/fourier.py',
    '../_base_/default_runtime.py',
]
model = dict(_base_.pop('uda_model'))
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
