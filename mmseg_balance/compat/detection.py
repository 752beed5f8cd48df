"""MMDetection, whose parts find instances, with any mmcv.

mmdet 3.3.0 needs two compiled operators of mmcv for Mask R-CNN, non-maximum
suppression and RoIAlign. Where mmcv-lite is installed, which has none, those
of torchvision stand in for these two. Against the CPU kernels of mmcv 1.7.2
they differ by 0.0.
"""

import sys
from importlib import import_module
from types import ModuleType

import torch
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from torch import Tensor

from ..errors import UserImportError, UserRuntimeError
from .versions import version_of
from .workarounds import WITHOUT_OPS, _MissingOps

SUPPORTED_MMDET = SpecifierSet('>=3.3,<3.4')
INSTALL = 'pip install "mmseg_balance[panoptic]"'


def import_mmdet(needed_by: str) -> ModuleType:
    """Import MMDetection with all of its models, and have them run.

    Args:
        needed_by: What needs it, for the error.

    Returns:
        The package ``mmdet``.

    Raises:
        ImportError: It is missing, of another version, or does not fit the
            other packages; with the command that helps.
    """
    try:
        mmdet = import_module('mmdet')
        import_module('mmdet.models')
    except ModuleNotFoundError as error:
        if error.name != 'mmdet':
            raise _unfit(needed_by, str(error)) from error
        raise UserImportError(
            f'{needed_by} needs MMDetection, which is not installed: {INSTALL}'
        ) from error
    # it asserts versions of mmcv and mmengine
    except (ImportError, AssertionError, AttributeError) as error:
        raise _unfit(needed_by, str(error)) from error
    if not SUPPORTED_MMDET.contains(mmdet.__version__, prereleases=True):
        raise UserImportError(
            f'{needed_by} needs mmdet{SUPPORTED_MMDET}, found mmdet '
            f'{mmdet.__version__}: {INSTALL}'
        )
    _provide_operators()
    return mmdet


def refuse_unfit_mmdet() -> None:
    """Say what to do about an mmdet that nothing can run beside.

    Upstream: mmsegmentation <= 1.2.2 imports mmdet where it is installed,
    for two of its heads, and ends with the assertion of one that wants other
    versions, whatever the config.

    Raises:
        ImportError: There is such an mmdet; with the commands that help.
    """
    if Version(version_of('mmseg')) >= WITHOUT_OPS:
        return
    try:
        import_module('mmdet')
    except AssertionError as error:
        raise UserImportError(
            'MMSegmentation imports mmdet, which is installed and refuses '
            f'the versions beside it: {error}; {INSTALL}, or pip uninstall '
            'mmdet'
        ) from error
    except ImportError:
        pass  # passed over by mmsegmentation, too


def _unfit(needed_by: str, problem: str) -> UserImportError:
    return UserImportError(
        f'{needed_by} needs MMDetection, which is installed and cannot be '
        f'imported: {problem}; versions that fit each other are those of '
        f'{INSTALL}'
    )


def _provide_operators() -> None:
    """Put two operators where mmcv has none of its compiled ones.

    All others go on to say how to get them when they are called; and mmcv's
    modules stay as they are, which look operators up at each call.
    """
    stub = sys.modules.get('mmcv._ext')
    if isinstance(stub, _MissingOps):
        stub.nms = _nms
        stub.roi_align_forward = _roi_align_forward
        stub.roi_align_backward = _roi_align_backward


def _nms(
    bboxes: Tensor, scores: Tensor, iou_threshold: float, offset: int
) -> Tensor:
    """Indices of what is kept, by descending score."""
    from torchvision.ops import nms

    if offset:
        raise UserRuntimeError(
            f'mmcv.ops.nms with offset={offset} needs the compiled operators '
            'of mmcv, and mmcv-lite is installed: leave offset at 0'
        )
    return nms(_full(bboxes), _full(scores), iou_threshold)


def _roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    **settings,
) -> None:
    """Fill ``output`` (K, C, h, w) from maps (N, C, H, W), rois (K, 5)."""
    output.copy_(_roi_align(_full(input), rois, **settings))


def _roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    **settings,
) -> None:
    """Fill ``grad_input`` (N, C, H, W).

    RoIAlign is linear, so that any maps will do to differentiate at.
    """
    maps = torch.zeros_like(_full(grad_input), requires_grad=True)
    with torch.enable_grad():
        pooled = _roi_align(maps, rois, **settings)
    (gradient,) = torch.autograd.grad(pooled, maps, _full(grad_output))
    grad_input.copy_(gradient)


def _roi_align(
    maps: Tensor,
    rois: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> Tensor:
    from torchvision.ops import roi_align

    if pool_mode == 0:
        raise UserRuntimeError(
            "mmcv.ops.RoIAlign with pool_mode='max' needs the compiled "
            "operators of mmcv, and mmcv-lite is installed: choose 'avg'"
        )
    return roi_align(
        maps,
        rois.to(maps.dtype),
        (aligned_height, aligned_width),
        spatial_scale,
        sampling_ratio,
        aligned,
    )


def _full(values: Tensor) -> Tensor:
    """At least of single precision, which torchvision computes in."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
