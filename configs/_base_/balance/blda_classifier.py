# BLDA of classifiers. No batch has N_min images of a class: those of the last
# iterations count together.
_base_ = './blda.py'
balance_model = dict(
    segmentor=dict(
        decode_head=dict(loss_decode=dict(num_classes=12, collect_over=300))
    )
)
