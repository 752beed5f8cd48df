"""Moving toy streets: exact flow against other ways to know it."""

import cv2
import numpy as np
import pytest

from mmseg_balance.datasets.toy_streets import ToySequences, draw_sequence
from mmseg_balance.datasets.toy_streets.camera import Camera, Shape
from mmseg_balance.datasets.toy_streets.motion import motions
from mmseg_balance.datasets.toy_streets.motion.surfaces import (
    RecordingCamera,
    Surface,
    cut_near,
    depth_at,
    points_at,
    surfaces_of,
)

SMALL = ToySequences(frames=3, height=96, width=192)
LENS = dict(
    height=96, width=192, focal=130.0, horizon=40.0, centre=99.0, eye=1.6,
    bend=4e-4,
)  # fmt: skip


@pytest.fixture(scope='module', params=['source', 'target'])
def moments(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motions, 'STANDS', -1)
        return list(draw_sequence(request.param, 'train', 1, SMALL))


def warp(image, flow, how=cv2.INTER_LINEAR):
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]]
    at = np.stack([columns, rows], -1).astype(np.float32) + flow
    return cv2.remap(image, at, None, how, borderMode=cv2.BORDER_REPLICATE)


def nearest(label, flow):
    """Labels moved pixel by pixel."""
    height, width = label.shape
    moved = np.full_like(label, 255)
    for row in range(height):
        for column in range(width):
            x = round(column + float(flow[row, column, 0]))
            y = round(row + float(flow[row, column, 1]))
            if 0 <= x < width and 0 <= y < height:
                moved[row, column] = label[y, x]
    return moved


# -- against labels, images and an estimate ----------------------------------
def test_flow_moves_labels_outside_occlusion(moments):
    assert moments[0].flow is None
    for before, now in zip(moments, moments[1:]):
        flow, visible = now.flow
        assert flow.dtype == np.float32 and flow.shape == (96, 192, 2)
        moved = nearest(before.frame.label, flow)
        same = moved == now.frame.label
        assert same[visible].all()
        # the rest is the rims of objects and of the image
        assert 0.85 < visible.mean() < 1
        assert same.mean() > (before.frame.label == now.frame.label).mean()


def test_flow_moves_images_where_it_is_visible(moments):
    before, now = moments[1].frame.image, moments[2].frame.image
    flow, visible = moments[2].flow

    def error(image):
        difference = np.abs(image.astype(float) - now).mean(axis=-1)
        return difference[visible].mean()

    # sensor noise, and textures too fine for the pixels, remain
    assert error(warp(before, flow)) < 0.65 * error(before)


def test_dis_finds_about_the_same_flow(moments):
    before, now = (
        cv2.cvtColor(m.frame.image, cv2.COLOR_RGB2GRAY) for m in moments[1:]
    )
    flow, visible = moments[2].flow
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = dis.calc(now, before, None)
    off = np.linalg.norm(found - flow, axis=-1)[visible]
    length = np.linalg.norm(flow, axis=-1)[visible]
    assert np.median(length) > 1
    assert np.median(off) < 0.35 * np.median(length)


def test_nothing_moves_where_camera_and_objects_stand(monkeypatch):
    monkeypatch.setattr(motions, 'STANDS', 1.1)
    for name in ('EGO', 'WALK', 'RIDE'):
        monkeypatch.setattr(motions, name, (0.0, 0.0))
    first, second, _ = draw_sequence('source', 'train', 0, SMALL)
    assert np.abs(second.flow.flow).max() == 0
    # what is at the rim of a facet is as well
    assert second.flow.visible.all()
    np.testing.assert_array_equal(first.frame.label, second.frame.label)
    noise = first.frame.image.astype(int) - second.frame.image
    assert 0 < np.abs(noise).mean() < 6


def test_objects_move_before_a_camera_that_stands(monkeypatch):
    monkeypatch.setattr(motions, 'STANDS', 1.1)
    settings = ToySequences(frames=2, height=96, width=192, seed=3)
    moved = set()
    for index in (1, 3):
        now = list(draw_sequence('source', 'train', index, settings))[1]
        length = np.linalg.norm(now.flow.flow, axis=-1)
        moved |= set(now.frame.label[length > 0].tolist())
        # road, sidewalk, building and sky stand
        assert (length[np.isin(now.frame.label, (0, 1, 2, 10))] == 0).all()
    assert moved & {11, 12, 13, 14, 15}  # persons, riders, vehicles


# -- geometry ----------------------------------------------------------------
@pytest.mark.parametrize('bend', [0.0, 4e-4, -4e-4])
def test_depth_of_points_on_any_plane(bend):
    camera = Camera(**LENS | dict(bend=bend))
    rng = np.random.default_rng(0)
    for _ in range(20):
        corner = rng.uniform((-6, 0, 4), (6, 3, 40))
        sides = rng.normal(size=(2, 3))
        normal = np.cross(*sides)
        normal /= np.linalg.norm(normal)
        polygon = np.array([corner, corner + sides[0], corner + sides[1]])
        surface = Surface([polygon], normal, None)
        points = corner + rng.uniform(0, 1, (5, 2)) @ sides
        columns, rows = Camera.project(camera, points).T
        depth = depth_at(surface, camera, columns, rows)
        np.testing.assert_allclose(depth, points[:, 2], rtol=1e-6)
        found = points_at(camera, columns, rows, depth)
        np.testing.assert_allclose(found, points, rtol=1e-5, atol=1e-5)


def test_flow_of_the_road_is_that_of_similar_triangles(moments):
    """On the ground, rows below the horizon are inverse to the distance."""
    now = moments[2]
    flow, _ = now.flow
    depth, label = now.frame.depth, now.frame.label
    road = label == 0
    rows = np.mgrid[:96, :192][0]
    z, steps = depth[road], flow[road][:, 1]
    # focal * eye (1 / (z + s) - 1 / z), fitted by its two unknowns
    product = np.median(
        np.diff(rows[:, 96][road[:, 96]])
        / np.diff(1 / depth[:, 96][road[:, 96]])
    )
    s = np.median(1 / (1 / z + steps / product) - z)
    expected = product * (1 / (z + s) - 1 / z)
    assert s > 0.2  # metres that the camera drives
    np.testing.assert_allclose(steps, expected, atol=0.02)


def test_polygons_are_cut_before_the_camera():
    square = np.array([(0, 0, -1.0), (1, 0, -1), (1, 0, 3), (0, 0, 3)])
    cut = cut_near(square, near=1.0)
    assert sorted(map(tuple, cut)) == [
        (0, 0, 1), (0, 0, 3), (1, 0, 1), (1, 0, 3),
    ]  # fmt: skip
    assert len(cut_near(square - (0, 0, 10))) == 0
    assert cut_near(square + (0, 0, 5)) is not None


def test_shapes_are_divided_by_their_planes():
    camera = RecordingCamera(**LENS)
    front = [camera.wall(3, (z, z + 1), (1, 2)) for z in (5, 8)]
    gable = camera.facing(3, 5, np.array([(0, 0), (2, 0), (2, 3), (0, 3)]))
    shape = Shape([*front, gable], np.zeros(3), 'building')
    surfaces = surfaces_of(shape, camera)
    assert [len(s.polygons) for s in surfaces] == [2, 1]
    np.testing.assert_allclose(np.abs(surfaces[0].normal), (1, 0, 0))
    np.testing.assert_allclose(np.abs(surfaces[1].normal), (0, 0, 1))
