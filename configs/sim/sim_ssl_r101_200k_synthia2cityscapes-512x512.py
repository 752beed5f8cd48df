# SIM with self-supervision, its second stage, in which features count a tenth.
_base_ = './sim_r101_200k_synthia2cityscapes-512x512.py'
first_stage = dict(
    config='sim/sim_r101_200k_synthia2cityscapes-512x512.py',
    # the median of a class, at most 0.9
    pseudo_labels=dict(share=0.5, cap=0.9),
)
model = dict(
    labelled_target={},
    feature_alignment=dict(stuff_weight=0.001, thing_weight=0.001),
)
target_pipeline = _base_.target_pipeline
target_pipeline.insert(1, dict(type='LoadAnnotations'))
train_dataloader = dict(dataset=dict(target=dict(pipeline=target_pipeline)))
