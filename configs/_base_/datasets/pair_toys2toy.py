# Toy streets of two simulators, in the layouts of SYNTHIA and GTA: the
# preliminary source, which has 16 of the classes, and the primary one.
_base_ = './pair_toy2toy.py'
pair_second = dict(
    type='SYNTHIADataset',
    data_root='data/toy_streets/toy_synthia',
    data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
)
