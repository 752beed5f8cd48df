# Without rare class sampling, as all methods before DAFormer.
_base_ = './wbc-tecom2cellavision_96.py'
train_dataloader = dict(dataset=dict(rare_class_sampling=None))
