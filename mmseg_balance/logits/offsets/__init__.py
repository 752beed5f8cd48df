"""CDF, anchors, offsets and their tables (Eq. 6, 9, 10).

The reference of Eq. 6 is :func:`.alignment.align`, that of Eq. 9
:func:`.adjustment.adjusted_logits`, that of d in Eq. 10
:func:`.alignment.positive_cdf`. What is faster says how near it comes, and
which test holds that.
"""
