"""The targets of an instance branch, made of the crop that is learnt from."""

import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError
from ...panoptic.segments import segment_places
from ...panoptic.targets import center_targets, instance_targets
from .load_panoptic_annotations import PANOPTIC_MAP, SEGMENTS
from .moved_segments import moved_ids

INSTANCES, CENTERS, THINGS = 'gt_instances', 'gt_centers', 'things'
# the map of ids that targets were made of
LEARNT_MAP = 'learnt_panoptic_map'


@TRANSFORMS.register_module()
class PanopticTargets(BaseTransform):
    """Adds what an instance branch learns, right before packing.

    Args:
        instances: Whether to add ``gt_instances``: boxes, classes and masks,
            for a top-down branch; see ``mmseg_balance.panoptic.targets``.
        centers: Whether to add ``gt_centers``: ``heatmap`` (1, H, W),
            ``offset`` (2, H, W), ``center_weight`` and ``offset_weight``
            (1, H, W), for a bottom-up branch.
        sigma: Of the Gaussian round a centre, a whole number of pixels.

    Raises:
        ValueError: Nothing is to be added, or sigma is no whole number from
            1. When an image comes in: no ``LoadPanopticAnnotations`` is
            before it.

    Example:
        >>> dict(type='PanopticTargets', instances=False, centers=True)
    """

    packed_by = 'PackPanopticInputs'

    def __init__(
        self, instances: bool = True, centers: bool = False, sigma: int = 8
    ) -> None:
        if not (instances or centers):
            raise UserValueError(
                'PanopticTargets: instances and centers are both False, '
                'expected at least one of them True'
            )
        if isinstance(sigma, bool) or not isinstance(sigma, int) or sigma < 1:
            raise UserValueError(
                f'PanopticTargets.sigma is {sigma!r}, expected a whole number '
                'of pixels from 1'
            )
        self.instances = instances
        self.centers = centers
        self.sigma = sigma

    def transform(self, results: dict) -> dict:
        """Add the targets.

        Args:
            results: With ``gt_panoptic_map``, ``segments_info`` and
                ``things``.

        Returns:
            Them, with ``gt_instances`` and ``gt_centers`` as asked for.
        """
        if PANOPTIC_MAP not in results:
            raise UserValueError(
                'PanopticTargets found no segments in the sample of '
                f"{results.get('img_path')}: put dict(type='"
                "LoadPanopticAnnotations') behind the loading of the image"
            )
        segments, ids = results[SEGMENTS], moved_ids(results)
        places = segment_places(ids, segments)
        # a copy, as RandomCutOut writes into the map itself
        results[LEARNT_MAP] = ids.copy()
        if self.instances:
            found = instance_targets(places, segments, results[THINGS])
            results[INSTANCES] = InstanceData(
                **{k: torch.from_numpy(v) for k, v in found._asdict().items()}
            )
        if self.centers:
            found = center_targets(places, segments, self.sigma)
            results[CENTERS] = PixelData(
                **{k: torch.from_numpy(v) for k, v in found._asdict().items()}
            )
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(instances={self.instances}, '
            f'centers={self.centers}, sigma={self.sigma})'
        )
