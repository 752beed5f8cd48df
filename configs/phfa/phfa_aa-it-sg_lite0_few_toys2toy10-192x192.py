_base_ = './phfa_aa-it_lite0_few_toys2toy10-192x192.py'
first_stage = dict(
    config='phfa/phfa_aa-it_lite0_few_toys2toy10-192x192.py',
    # the median of a class, at most 0.9
    pseudo_labels=dict(share=0.5, cap=0.9),
)
model = dict(labelled_target={})
target_pipeline = _base_.target_pipeline
target_pipeline.insert(1, dict(type='LoadAnnotations'))
train_dataloader = dict(dataset=dict(target=dict(pipeline=target_pipeline)))
