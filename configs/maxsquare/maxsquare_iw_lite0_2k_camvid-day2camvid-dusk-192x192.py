# The classes of each image balanced.
_base_ = './maxsquare_lite0_2k_camvid-day2camvid-dusk-192x192.py'
model = dict(max_square=dict(kind='image_weighted_max_square'))
