"""CDF, anchors, offsets and their tables (Eq. 6, 9, 10)."""
