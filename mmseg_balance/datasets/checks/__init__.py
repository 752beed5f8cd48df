"""Data sets that cannot be trained on, told before the first iteration."""

from ..loading.leaves import build_lazily, leaf_configs
from .data_configs import check_data_configs
from .evaluation_set import check_evaluation_set, name_all_files
from .folder_checks import check_folders, folder_problems

__all__ = [
    'build_lazily',
    'check_data_configs',
    'check_evaluation_set',
    'check_folders',
    'folder_problems',
    'leaf_configs',
    'name_all_files',
]
