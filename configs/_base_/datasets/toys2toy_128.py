# Toy streets of two simulators at half their size, crops of 128 x 128; each
# image of both comes equally often.
_base_ = ['./pipelines_128.py', './pair_toys2toy.py']
__pair = _base_.pop('pair_train')
train_dataloader = dict(
    dataset=dict(
        source=[
            dict(source, pipeline=_base_.source_pipeline)
            for source in (__pair.source, _base_.pop('pair_second'))
        ],
        target=__pair.target,
        source_names=['toy_gta', 'toy_synthia'],
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
