# Two sources of toy streets, each image of both equally often.
_base_ = './toy2toy_128.py'
train_dataloader = dict(
    dataset=dict(
        source=[
            _base_.train_dataloader.dataset.source,
            dict(
                type='SYNTHIADataset',
                data_root='data/toy_streets/toy_synthia',
                data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
                pipeline=_base_.source_pipeline,
            ),
        ],
        source_names=['toy_gta', 'toy_synthia'],
    )
)
