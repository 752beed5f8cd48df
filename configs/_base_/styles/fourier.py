# Fourier domain adaptation (Yang and Soatto, CVPR 2020): source images get the
# low-frequency amplitudes of a target image. A config puts it in front of the
# crop:
# _base_.source_pipeline.insert(-3, _base_.pop('source_style'))
# train_dataloader = dict(
#     dataset=dict(source=dict(pipeline=_base_.source_pipeline)))
source_style = dict(type='FourierStyle', beta=0.01)
