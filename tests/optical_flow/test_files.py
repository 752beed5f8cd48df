"""Files of flow, there and back, and of public layouts."""

import cv2
import numpy as np
import pytest
from helpers.reference import reference, whole_files

from mmseg_balance.errors import UserOSError
from mmseg_balance.optical_flow import read_flow, write_flow
from mmseg_balance.optical_flow.files import kitti_png


def drawn(scale=40.0, size=(5, 7)):
    rng = np.random.default_rng(0)
    flow = rng.normal(0, scale, (*size, 2)).astype(np.float32)
    valid = rng.random(size) > 0.3
    return np.where(valid[..., None], flow, 0), valid


@pytest.mark.parametrize(
    'name', ['video/flow_png', *whole_files('video/flow_png')]
)
def test_kitti_png_of_the_public_decoder(name):
    data = reference(name)
    flow, valid = kitti_png.decode(data['png_bytes'].numpy().tobytes())
    np.testing.assert_array_equal(flow, data['flow_decoded'])
    np.testing.assert_array_equal(valid, data['valid'])


@pytest.mark.parametrize(
    'suffix, step', [('.png', 1 / 64), ('.flo', 0), ('.npy', 0.1)]
)
def test_what_is_written_is_read(tmp_path, suffix, step):
    flow, valid = drawn()
    if suffix == '.npy':
        valid = np.ones_like(valid)
    path = tmp_path / 'deep' / f'a{suffix}'
    write_flow(path, flow, valid)
    found, counts = read_flow(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(counts, valid)
    assert np.abs(found - flow).max() <= step / 2 + 1e-5
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_opencv_reads_and_writes_the_same_flo(tmp_path):
    flow, _ = drawn()
    write_flow(tmp_path / 'a.flo', flow)
    np.testing.assert_array_equal(
        cv2.readOpticalFlow(str(tmp_path / 'a.flo')), flow
    )
    cv2.writeOpticalFlow(str(tmp_path / 'b.flo'), flow)
    np.testing.assert_array_equal(read_flow(tmp_path / 'b.flo')[0], flow)


def test_public_numpy_files(tmp_path):
    """DA-VSN's int16 tenths, and VIPER's float16 with what is not known."""
    tenths = np.array([[[15, -7], [0, 32767]]], np.int16)
    np.save(tmp_path / 'a.npy', tenths)
    flow, valid = read_flow(tmp_path / 'a.npy')
    np.testing.assert_allclose(flow[0], [[1.5, -0.7], [0, 3276.7]], rtol=1e-6)
    assert valid.all()
    u = np.array([[1.5, np.nan], [0, np.inf]], np.float16)
    np.savez_compressed(tmp_path / 'a.npz', u=u, v=np.float16(u * 2))
    flow, valid = read_flow(tmp_path / 'a.npz')
    assert valid.tolist() == [[True, False], [True, False]]
    assert flow[0].tolist() == [[1.5, 3.0], [0, 0]]


def broken(path):
    flow, valid = drawn()
    good = {'.png': kitti_png.encode(flow, valid), '.flo': b'PIEH' + 9 * b'a'}
    path.write_bytes(good.get(path.suffix, b'')[:60])
    return path


@pytest.mark.parametrize('suffix', ['.png', '.flo', '.npy', '.npz'])
def test_cut_off_files_are_named(tmp_path, suffix):
    path = broken(tmp_path / f'cut{suffix}')
    with pytest.raises(OSError, match=f'cut{suffix}: '):
        read_flow(path)
    with pytest.raises(FileNotFoundError):
        read_flow(tmp_path / f'none{suffix}')


def test_damaged_files_are_named(tmp_path):
    for suffix in ('.png', '.flo', '.npy', '.npz'):
        (tmp_path / f'empty{suffix}').write_bytes(b'')
    np.savez_compressed(tmp_path / 'bits.npz', u=np.eye(40), v=np.eye(40))
    data = bytearray((tmp_path / 'bits.npz').read_bytes())
    data[80] ^= 255
    (tmp_path / 'bits.npz').write_bytes(data)
    np.save(tmp_path / 'a.npy', np.zeros((4, 4, 2)))
    (tmp_path / 'a.npy').rename(tmp_path / 'other.npz')
    for path in tmp_path.iterdir():
        with pytest.raises(UserOSError, match=f'{path.name}: '):
            read_flow(path)


def test_other_content_is_named(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(OSError, match=r'uint8 \(4, 4, 3\), expected KITTI'):
        read_flow(tmp_path / 'a.png')
    np.save(tmp_path / 'a.npy', np.zeros((4, 4), np.int16))
    with pytest.raises(OSError, match=r'int16 \(4, 4\), expected int16'):
        read_flow(tmp_path / 'a.npy')
    np.savez(tmp_path / 'a.npz', x=np.zeros(3))
    with pytest.raises(OSError, match='no arrays u and v'):
        read_flow(tmp_path / 'a.npz')
    with pytest.raises(ValueError, match='expected flow as .png, .flo'):
        read_flow(tmp_path / 'a.jpg')


def test_what_is_not_finite_is_refused(tmp_path):
    flow, _ = drawn()
    flow[2, 3] = np.nan
    np.save(tmp_path / 'a.npy', flow)
    with pytest.raises(ValueError, match='a.npy: the flow of 1 pixels is NaN'):
        read_flow(tmp_path / 'a.npy')
    with pytest.raises(ValueError, match='b.flo: the flow is NaN'):
        write_flow(tmp_path / 'b.flo', flow)
    # where it does not count it may be anything
    valid = np.isfinite(flow).all(-1)
    for name in ('c.flo', 'c.png'):
        write_flow(tmp_path / name, flow, valid)
        found, counts = read_flow(tmp_path / name)
        assert found[2, 3].tolist() == [0, 0] and not counts[2, 3]


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    flow = np.zeros((3, 3, 2), np.float32)
    flow[1, 1, 0] = 600
    with pytest.raises(ValueError, match='600.0 pixels is too long for a PNG'):
        write_flow(tmp_path / 'a.png', flow)
    flow[1, 1, 0] = -4000
    with pytest.raises(ValueError, match='too long for int16'):
        write_flow(tmp_path / 'a.npy', flow)
    with pytest.raises(ValueError, match='9 pixels have no flow'):
        write_flow(tmp_path / 'a.npy', 0 * flow, np.zeros((3, 3), bool))
    assert not list(tmp_path.iterdir())
