_base_ = [
    '../_base_/models/lite0_daformer_conv1.py',
    '../_base_/datasets/camvid-stills2camvid-clip_192.py',
    '../_base_/schedules/adamw_2k.py',
    '../_base_/uda/self_training.py',
    '../_base_/uda/mic_lite0.py',
    '../_base_/default_runtime.py',
]
model = _base_.pop('uda_model')
model.update(
    alpha='auto',
    # sign symbol, car, pedestrian, bicyclist
    feature_distance=dict(classes=[6, 8, 9, 10]),
)
model.segmentor = dict(decode_head=dict(num_classes=11))
