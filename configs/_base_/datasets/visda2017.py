# VisDA-2017, renderings -> photographs. As in the literature, the photographs
# that are adapted to, without their labels, are those of the test.
_base_ = './pipelines_objects_224.py'
__root = 'data/visda2017'
__target = dict(type='VisDA2017Dataset', data_root=__root, split='validation')
train_dataloader = dict(
    dataset=dict(
        source=dict(type='VisDA2017Dataset', data_root=__root, split='train'),
        target=__target,
    )
)
val_dataloader = dict(dataset=__target)
test_dataloader = val_dataloader
