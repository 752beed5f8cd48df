"""Panoptic segmentation in plain NumPy and PyTorch.

Ids of segments, targets of instance branches, fusion of a semantic map with
instances, panoptic quality. Nothing here knows a data set or a network.
"""
