# BLDA in the 15 classes of VIPER.
_base_ = './blda.py'
balance_model = dict(
    segmentor=dict(decode_head=dict(loss_decode=dict(num_classes=15)))
)
