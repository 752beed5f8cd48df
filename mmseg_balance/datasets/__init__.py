"""Data sets, their pairs, and how samples are drawn from them."""

from .files.image_suffixes import FolderDataset
from .pairs.pack_uda_inputs import PackUDAInputs
from .pairs.pseudo_margins import PseudoMargins
from .pairs.uda_dataset import UDADataset
from .sampling.rare_class_sampling import RareClassSampling, rcs_class_probs
from .sampling.samplers import Draw, ResumableInfiniteSampler
from .sets.camvid import CamVidDataset
from .sets.gta import GTADataset
from .sets.synthia import SYNTHIADataset
from .styles.target_styles import FourierStyle, LabStyle, TargetStyle

__all__ = [
    'CamVidDataset',
    'Draw',
    'FolderDataset',
    'FourierStyle',
    'LabStyle',
    'GTADataset',
    'PackUDAInputs',
    'PseudoMargins',
    'RareClassSampling',
    'ResumableInfiniteSampler',
    'SYNTHIADataset',
    'TargetStyle',
    'UDADataset',
    'rcs_class_probs',
]
