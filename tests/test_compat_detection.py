"""MMDetection without the compiled operators of mmcv."""

import sys
from types import ModuleType

import pytest
import torch
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.compat import detection, workarounds

INSTALL = r'pip install "mmseg_balance\[panoptic\]"'
stubbed = pytest.mark.skipif(
    not isinstance(sys.modules.get('mmcv._ext'), workarounds._MissingOps),
    reason='a full mmcv, or onedl-mmsegmentation, is installed',
)


def build():
    init_default_scope('mmseg')
    return MODELS.build(
        dict(type='MaskRCNNHead', in_channels=[4] * 4, things=[1])
    )


def test_a_head_without_the_extra_names_it(monkeypatch):
    for name in [n for n in sys.modules if n.partition('.')[0] == 'mmdet']:
        monkeypatch.delitem(sys.modules, name)
    find = sys.meta_path[:]

    class NotInstalled:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition('.')[0] == 'mmdet':
                raise ModuleNotFoundError(f'No module {name}', name=name)

    monkeypatch.setattr(sys, 'meta_path', [NotInstalled, *find])
    with pytest.raises(ImportError, match=f'MaskRCNNHead.*{INSTALL}'):
        build()


@pytest.mark.parametrize('version', ['3.2.0', '3.4.0', '2.28.2'])
def test_another_version_is_refused(monkeypatch, version):
    other = ModuleType('mmdet')
    other.__version__ = version
    monkeypatch.setitem(sys.modules, 'mmdet', other)
    monkeypatch.setitem(sys.modules, 'mmdet.models', ModuleType('models'))
    with pytest.raises(ImportError, match=f'found mmdet {version}.*{INSTALL}'):
        build()


def test_packages_that_do_not_fit_are_told_apart(monkeypatch, tmp_path):
    for name in [n for n in sys.modules if n.partition('.')[0] == 'mmdet']:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / 'mmdet').mkdir()
    file = tmp_path / 'mmdet/__init__.py'
    monkeypatch.syspath_prepend(tmp_path)
    for line, problem in (
        ('assert False, "MMCV==2.2.0 is used"', 'MMCV==2.2.0 is used'),
        ('import no_such_module', 'no_such_module'),
    ):
        file.write_text(line)
        with pytest.raises(ImportError, match=f'cannot be.*{problem}') as e:
            build()
        assert 'not installed' not in str(e.value)


def test_an_mmdet_that_ends_every_import_is_named(monkeypatch, tmp_path):
    for name in [n for n in sys.modules if n.partition('.')[0] == 'mmdet']:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / 'mmdet').mkdir()
    file = tmp_path / 'mmdet/__init__.py'
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(detection, 'version_of', lambda module: '1.2.2')
    file.write_text('import no_such_module')
    detection.refuse_unfit_mmdet()
    file.write_text('assert False, "MMCV==1.7.2 is used"')
    with pytest.raises(ImportError, match=f'MMCV==1.7.2 is.*{INSTALL}, or'):
        detection.refuse_unfit_mmdet()
    monkeypatch.setattr(detection, 'version_of', lambda module: '1.4.0')
    detection.refuse_unfit_mmdet()


@stubbed
def test_only_two_operators_are_stood_in_for_and_only_when_asked(monkeypatch):
    pytest.importorskip('mmdet')
    from mmcv.ops import nms, roi_align, roi_pool, soft_nms

    stub = vars(sys.modules['mmcv._ext'])
    for name in ('nms', 'roi_align_forward', 'roi_align_backward'):
        monkeypatch.delitem(stub, name, raising=False)
    boxes, scores = torch.tensor([[0, 0, 9, 9.0]] * 2), torch.rand(2)
    maps, rois = torch.rand(1, 1, 4, 4), torch.tensor([[0, 0, 0, 2, 2.0]])
    calls = [
        lambda: soft_nms(boxes, scores, 0.5),
        lambda: roi_pool(maps, rois, 2),
        lambda: nms(boxes, scores, 0.5),
        lambda: roi_align(maps, rois, 2),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match='pip install "mmcv==2.1.0"'):
            call()
    detection.import_mmdet('a test')
    for call in calls[:2]:
        with pytest.raises(RuntimeError, match='pip install "mmcv==2.1.0"'):
            call()
    assert calls[2]()[1].tolist() == [scores.argmax()]
    assert calls[3]().shape == (1, 1, 2, 2)


def test_a_full_mmcv_is_left_alone(monkeypatch):
    pytest.importorskip('mmdet')
    compiled = ModuleType('mmcv._ext')
    compiled.nms = object()
    kept = dict(vars(compiled))
    monkeypatch.setitem(sys.modules, 'mmcv._ext', compiled)
    detection.import_mmdet('a test')
    assert vars(compiled) == kept


def overlap(a, b):
    """Intersection over union of two boxes, (4,) each."""
    width, height = (
        max(min(a[i + 2], b[i + 2]) - max(a[i], b[i]), 0) for i in (0, 1)
    )
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return width * height / (sum(areas) - width * height)


@stubbed
def test_suppression_keeps_what_a_loop_keeps():
    pytest.importorskip('mmdet')
    detection.import_mmdet('a test')
    from mmcv.ops import batched_nms

    torch.manual_seed(0)
    corners = torch.rand(40, 2) * 20
    boxes = torch.cat([corners, corners + 4 + torch.rand(40, 2) * 9], 1)
    scores, classes = torch.rand(40), torch.randint(0, 2, (40,))
    kept = []
    for i in scores.argsort(descending=True).tolist():
        if all(
            classes[i] != classes[j] or overlap(boxes[i], boxes[j]) <= 0.4
            for j in kept
        ):
            kept.append(i)
    settings = dict(type='nms', iou_threshold=0.4)
    found, indices = batched_nms(boxes, scores, classes, settings)
    assert 1 < len(kept) < 40 and indices.tolist() == kept
    assert torch.equal(found[:, 4], scores[kept])
    from mmcv.ops import nms

    with pytest.raises(RuntimeError, match='offset=1.*leave offset at 0'):
        nms(boxes, scores, 0.4, offset=1)


def bilinear(image, y, x):
    """Value between the centres of pixels, 0 a pixel beyond the image."""
    height, width = image.shape
    if not (-1 <= y <= height and -1 <= x <= width):
        return image.new_zeros(())
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    y0, x0 = int(y), int(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    top = image[y0, x0] * (1 - x + x0) + image[y0, x1] * (x - x0)
    low = image[y1, x0] * (1 - x + x0) + image[y1, x1] * (x - x0)
    return top * (1 - y + y0) + low * (y - y0)


def pooled_by_loops(image, box, size, scale, samples):
    """RoIAlign with half-pixel offsets, of one map and one box."""
    x1, y1, x2, y2 = (value * scale - 0.5 for value in box.tolist())
    step_y, step_x = (y2 - y1) / size, (x2 - x1) / size
    bins = [
        torch.stack(
            [
                bilinear(
                    image,
                    y1 + (row + (i + 0.5) / samples) * step_y,
                    x1 + (column + (j + 0.5) / samples) * step_x,
                )
                for i in range(samples)
                for j in range(samples)
            ]
        ).mean()
        for row in range(size)
        for column in range(size)
    ]
    return torch.stack(bins).reshape(size, size)


@stubbed
@pytest.mark.parametrize('deterministic', [False, True])
def test_pooling_of_regions_and_its_gradient(deterministic):
    pytest.importorskip('mmdet')
    detection.import_mmdet('a test')
    from mmcv.ops import RoIAlign, roi_align

    torch.manual_seed(0)
    maps = torch.rand(2, 1, 6, 7, requires_grad=True)
    rois = torch.tensor([[1, 2.0, 3, 17, 20], [0, -3.0, 1, 9, 30]])
    torch.use_deterministic_algorithms(deterministic)
    try:
        found = RoIAlign(2, spatial_scale=0.25, sampling_ratio=2)(maps, rois)
        weights = torch.rand_like(found)
        (gradient,) = torch.autograd.grad((found * weights).sum(), maps)
    finally:
        torch.use_deterministic_algorithms(False)
    parts = [
        pooled_by_loops(maps[int(roi[0]), 0], roi[1:], 2, 0.25, 2)
        for roi in rois
    ]
    expected = torch.stack(parts)[:, None]
    torch.testing.assert_close(found, expected)
    (wanted,) = torch.autograd.grad((expected * weights).sum(), maps)
    torch.testing.assert_close(gradient, wanted)
    with pytest.raises(RuntimeError, match="pool_mode='max'.*'avg'"):
        roi_align(maps, rois, 2, 0.25, 2, 'max')
