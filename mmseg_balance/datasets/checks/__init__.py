"""Data sets that cannot be trained on, told before the first iteration."""

from .folder_checks import (
    build_lazily,
    check_data_configs,
    check_evaluation_set,
    check_folders,
    folder_problems,
    leaf_configs,
    name_all_files,
)

__all__ = [
    'build_lazily',
    'check_data_configs',
    'check_evaluation_set',
    'check_folders',
    'folder_problems',
    'leaf_configs',
    'name_all_files',
]
