# The classes of each image balanced.
_base_ = './maxsquare_r101_120k_synthia2cityscapes-512x512.py'
model = dict(max_square=dict(kind='image_weighted_max_square'))
