# CamVid: the recording 0006R0, images that are a second apart -> the clip
# 0016E5_07959 to 08159 with every second number, 101 images. Its labels are
# for the evaluation alone, on the images that the training has seen without.
pair_train = dict(
    source=dict(
        type='CamVidVideoDataset',
        data_root='data/camvid/day',
        data_prefix=dict(img_path='images/train', seg_map_path='labels/train'),
        recordings=('0006R0',),
    ),
    target=dict(
        type='CamVidVideoDataset',
        data_root='data/camvid/day',
        data_prefix=dict(img_path='images/train'),
        recordings=('0016E5',),
        numbers=(7959, 8159),
    ),
)
pair_val = dict(
    type='CamVidVideoDataset',
    data_root='data/camvid/day',
    data_prefix=dict(img_path='images/train', seg_map_path='labels/train'),
    recordings=('0016E5',),
    numbers=(7959, 8159),
)
