"""A training that runs, watched in a browser; reads files, and no more.

Imports neither PyTorch nor OpenMMLab, see ``mmseg_balance/__init__.py``: it
starts at once on a login node.
"""
