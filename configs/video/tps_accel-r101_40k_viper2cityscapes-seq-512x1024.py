_base_ = [
    '../_base_/models/accel-deeplabv2_r101.py',
    '../_base_/models/classes_viper_auxiliary.py',
    '../_base_/datasets/viper2cityscapes-seq_512x1024_frames.py',
    '../_base_/schedules/sgd_40k_tps.py',
    '../_base_/uda/tps.py',
    '../_base_/default_runtime.py',
]
model = dict(**_base_.pop('uda_model'), **_base_.pop('classes_model'))
