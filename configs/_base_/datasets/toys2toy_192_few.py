# Toy streets of two simulators, one after the other (the second from the
# middle of 1,000 iterations on), 10 target images, crops of 192 x 192.
_base_ = ['./pipelines_192.py', './pair_toys2toy.py']
__pair = _base_.pop('pair_train')
train_dataloader = dict(
    dataset=dict(
        source=[
            dict(source, pipeline=_base_.source_pipeline)
            for source in (_base_.pop('pair_second'), __pair.source)
        ],
        target=__pair.target,
        source_names=['toy_synthia', 'toy_gta'],
        progressive=[500],
        few_shot=10,
    )
)
val_dataloader = dict(dataset=_base_.pop('pair_val'))
test_dataloader = val_dataloader
