# MCC of classifiers. The temperature is that of ResNet-101 on VisDA-2017; it
# is 2.0 for ViT-B/16 and Office-Home.
_base_ = './no_teacher.py'
uda_model = dict(type='MCCAdaptation', mcc=dict(temperature=3.0))
