# Source images get mean and standard deviation of a target image in LAB
# (Reinhard et al., 2001). Put into a pipeline as fourier.py.
source_style = dict(type='LabStyle')
