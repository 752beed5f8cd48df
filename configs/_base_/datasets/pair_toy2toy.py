# Toy streets: made by tools/dataset_converters/toy_streets.py in the layouts
# of GTA and Cityscapes.
_base_ = './pair_gta2cityscapes.py'
_base_.pop('pair_evaluator')  # no groups of classes
pair_train = dict(
    source=dict(data_root='data/toy_streets/toy_gta'),
    target=dict(data_root='data/toy_streets/toy_cityscapes'),
)
pair_val = dict(data_root='data/toy_streets/toy_cityscapes')
