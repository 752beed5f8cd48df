"""Data sets whose labels are segments: COCO's panoptic layout."""
