_base_ = [
    '../_base_/models/hrda_mit-b5.py',
    '../_base_/models/classes_viper.py',
    '../_base_/datasets/viper2cityscapes-seq_1024.py',
    '../_base_/schedules/adamw_40k_mit.py',
    '../_base_/uda/hrda_viper.py',
    '../_base_/default_runtime.py',
]
model = dict(**_base_.pop('uda_model'), **_base_.pop('classes_model'))
