# SYNTHIA first, then GTA (PHFA, Sec. III-B), and 30 target images. When GTA
# takes over, the paper does not tell; here half-way.
_base_ = ['./gta2cityscapes_few.py', './pair_synthia2cityscapes.py']
_base_.pop('pair_evaluator')  # GTA has all classes
synthia_pipeline = [dict(step) for step in _base_.source_pipeline]
synthia_pipeline[2].update(scale=(1280, 760))
train_dataloader = dict(
    dataset=dict(
        source=[
            dict(_base_.pop('pair_source'), pipeline=synthia_pipeline),
            dict(_base_.train_dataloader.dataset.source),
        ],
        source_names=['synthia', 'gta'],
        progressive=[100000],
    )
)
