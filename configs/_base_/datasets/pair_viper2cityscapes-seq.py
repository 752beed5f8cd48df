# VIPER -> Cityscapes-Seq: single images, which need no frames beside them.
# riders='person' of both target sets, and rule='davsn', is how DA-VSN, TPS,
# CMOM and PAT count.
pair_train = dict(
    source=dict(
        type='VIPERDataset',
        data_root='data/viper',
        data_prefix=dict(img_path='train/img', seg_map_path='train/cls'),
    ),
    target=dict(
        type='CityscapesSeqDataset',
        data_root='data/cityscapes',
        data_prefix=dict(img_path='leftImg8bit/train'),
    ),
)
pair_val = dict(
    type='CityscapesSeqDataset',
    data_root='data/cityscapes',
    data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'),
)
pair_evaluator = dict(
    type='SharedClassesMetric',
    rule='uvda',
    # BLDA, Table 18, of the classes that there are
    over_predicted=[
        'road',
        'building',
        'vegetation',
        'sky',
        'person',
        'car',
        'truck',
        'bus',
    ],
)
