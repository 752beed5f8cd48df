"""Panoptic annotations of public data sets, in COCO's format."""
