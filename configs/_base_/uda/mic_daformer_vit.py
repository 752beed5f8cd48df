# MIC on DAFormer without its feature distance, which VFM-UDA found to hurt a
# foundation model.
_base_ = ['./self_training.py', './mic_512.py']
uda_model = dict(
    feature_distance=None,
    alpha=0.999,
    # bonnet and artifacts of rectification
    ignore_top=15,
    ignore_bottom=120,
)
