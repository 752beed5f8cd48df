# GTA and SYNTHIA -> Cityscapes, half of the source images from each.
_base_ = './gta2cityscapes.py'
synthia_pipeline = [dict(step) for step in _base_.source_pipeline]
synthia_pipeline[2].update(scale=(1280, 760))
train_dataloader = dict(
    dataset=dict(
        source=[
            _base_.train_dataloader.dataset.source,
            dict(
                type='SYNTHIADataset',
                data_root='data/synthia',
                data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
                pipeline=synthia_pipeline,
            ),
        ],
        source_weights=[1, 1],
        source_names=['gta', 'synthia'],
    )
)
