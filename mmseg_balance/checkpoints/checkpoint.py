"""A checkpoint whose model is to predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..errors import UserFileNotFoundError
from ..models.data_checks import check_classifies, check_num_classes
from .weights import check_classes, check_fits, read_checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """What a file of weights holds, opened once.

    Args:
        path: The file, or an address that mmengine can load.
        weights: Its state dict, on the CPU.
        meta: Its meta data, which may be empty.
    """

    path: str
    weights: dict[str, Tensor]
    meta: Mapping[str, Any]

    @classmethod
    def read(cls, path: str) -> 'Checkpoint':
        """Open a file; its tensors are read where they are used.

        Args:
            path: The file, or an address.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is not a checkpoint; names it.
        """
        if '://' not in path and not Path(path).is_file():
            raise UserFileNotFoundError(f'no checkpoint file {path}')
        return cls(path, *read_checkpoint(path))

    def check(self, model: nn.Module, dataset: Any = None) -> None:
        """Refuse scores of another model or of other classes.

        Args:
            model: The model that is to predict, without balancing.
            dataset: The test set, where there is one.

        Raises:
            ValueError: It does not fit; says what mends it.
        """
        if dataset is not None:
            check_classifies(model, dataset, 'test_dataloader')
            check_num_classes(model, dataset, 'test_dataloader')
        check_fits(model, self.weights, self.path)
        if dataset is not None:
            check_classes(self.meta, dataset, self.path)
