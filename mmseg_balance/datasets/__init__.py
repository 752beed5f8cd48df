"""Data sets, their pairs, and how samples are drawn from them."""

from .classification.class_folders import ClassFolderDataset
from .classification.image_lists import ImageListDataset
from .classification.office_home import OfficeHomeDataset
from .classification.random_resized_crop import RandomResizedCrop
from .classification.visda2017 import VisDA2017Dataset
from .files.image_suffixes import FolderDataset
from .loading.class_label import LoadClassLabel
from .pairs.pack_uda_inputs import PackUDAInputs
from .pairs.pseudo_margins import PseudoMargins
from .pairs.uda_dataset import UDADataset
from .panoptic.load_panoptic_annotations import LoadPanopticAnnotations
from .panoptic.pack_panoptic_inputs import PackPanopticInputs
from .panoptic.panoptic_dataset import PanopticDataset
from .panoptic.panoptic_targets import PanopticTargets
from .panoptic.street_sets import (
    CityscapesPanopticDataset,
    SYNTHIAPanopticDataset,
)
from .sampling.rare_class_sampling import RareClassSampling, rcs_class_probs
from .sampling.samplers import Draw, ResumableInfiniteSampler
from .sets.camvid import CamVidDataset
from .sets.gta import GTADataset
from .sets.synthia import SYNTHIADataset
from .sets.video.bddvid import BDDVidDataset
from .sets.video.camvid_video import CamVidVideoDataset
from .sets.video.cityscapes_seq import CityscapesSeqDataset
from .sets.video.frame_sequences import FrameFolderDataset
from .sets.video.viper import VIPERDataset
from .styles.target_styles import (
    FourierStyle,
    HistogramStyle,
    LabStyle,
    TargetStyle,
)
from .video.joint_geometry import RandomFlipFrames, ResizeFrames
from .video.load_optical_flow import LoadOpticalFlow
from .video.load_previous_frame import LoadPreviousFrame
from .video.pack_frame_inputs import PackFrameInputs
from .video.repeat_frame import RepeatFrame

__all__ = [
    'BDDVidDataset',
    'CamVidDataset',
    'CamVidVideoDataset',
    'CityscapesPanopticDataset',
    'ClassFolderDataset',
    'CityscapesSeqDataset',
    'Draw',
    'FolderDataset',
    'FrameFolderDataset',
    'FourierStyle',
    'LabStyle',
    'GTADataset',
    'HistogramStyle',
    'ImageListDataset',
    'LoadClassLabel',
    'LoadOpticalFlow',
    'LoadPanopticAnnotations',
    'LoadPreviousFrame',
    'RepeatFrame',
    'PackFrameInputs',
    'OfficeHomeDataset',
    'PackPanopticInputs',
    'PackUDAInputs',
    'PanopticDataset',
    'PanopticTargets',
    'PseudoMargins',
    'RandomFlipFrames',
    'RandomResizedCrop',
    'RareClassSampling',
    'ResizeFrames',
    'ResumableInfiniteSampler',
    'SYNTHIADataset',
    'SYNTHIAPanopticDataset',
    'TargetStyle',
    'UDADataset',
    'VIPERDataset',
    'VisDA2017Dataset',
    'rcs_class_probs',
]
