# The public config crops the detail to 360, 22.5 cells of 16 pixels, and cuts
# the box to whole cells: here it is 352.
_base_ = [
    '../_base_/models/hrda_r101.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/viper2bddvid_720.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/hrda_viper.py',
    '../_base_/default_runtime.py',
]
model = dict(**_base_.pop('uda_model'), **_base_.pop('classes_model'))
model['segmentor'].update(
    detail_crop_size=(352, 352),
    data_preprocessor=dict(size=(720, 720)),
    test_cfg=dict(crop_size=(720, 720), stride=(360, 360)),
)
