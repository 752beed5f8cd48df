# The same with an auxiliary classifier.
_base_ = './classes_viper.py'
classes_model = dict(segmentor=dict(auxiliary_head=dict(num_classes=15)))
