"""Data sets, their pairs, and how samples are drawn from them."""

from .camvid import CamVidDataset
from .gta import GTADataset
from .image_suffixes import FolderDataset
from .pack_uda_inputs import PackUDAInputs
from .pseudo_margins import PseudoMargins
from .rare_class_sampling import RareClassSampling, rcs_class_probs
from .samplers import Draw, ResumableInfiniteSampler
from .synthia import SYNTHIADataset
from .uda_dataset import UDADataset

__all__ = [
    'CamVidDataset',
    'Draw',
    'FolderDataset',
    'GTADataset',
    'PackUDAInputs',
    'PseudoMargins',
    'RareClassSampling',
    'ResumableInfiniteSampler',
    'SYNTHIADataset',
    'UDADataset',
    'rcs_class_probs',
]
