"""Hooks, one a file."""

from .bad_images_hook import BadImagesHook
from .channels_last_hook import ChannelsLastHook
from .checkpoint_hook import AtomicCheckpointHook
from .class_scalars_hook import ClassScalarsHook
from .class_statistics_hook import ClassStatisticsHook
from .class_weights_hook import ClassWeightsHook
from .compile_hook import CompileHook
from .data import FewShotHook, SourceSharesHook
from .evaluation import PredictPreviousFrameHook
from .finite_loss_hook import FiniteLossHook
from .gmm_update_hook import GMMUpdateHook
from .iteration_seed_hook import IterationSeedHook
from .missing_validation_hook import MissingValidationHook
from .signals import BalanceSignalsHook
from .teacher_update_hook import TeacherUpdateHook
from .training_pictures_hook import TrainingPicturesHook

__all__ = [
    'AtomicCheckpointHook',
    'BadImagesHook',
    'BalanceSignalsHook',
    'ChannelsLastHook',
    'ClassScalarsHook',
    'ClassStatisticsHook',
    'ClassWeightsHook',
    'CompileHook',
    'FewShotHook',
    'FiniteLossHook',
    'GMMUpdateHook',
    'IterationSeedHook',
    'MissingValidationHook',
    'PredictPreviousFrameHook',
    'SourceSharesHook',
    'TeacherUpdateHook',
    'TrainingPicturesHook',
]
