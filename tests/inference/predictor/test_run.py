"""Files that a run of predictions writes, keeps and refuses."""

import json
import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmseg_balance.datasets.loading.bad_files import UnreadableFileError
from mmseg_balance.inference import PredictionRun, Predictor, RunOptions
from mmseg_balance.inference.files.outputs import ResultFiles
from mmseg_balance.inference.files.videos import Video, VideoFile
from mmseg_balance.inference.predictor.map_results import MapResults

CLASSES = ('sky', 'road', 'car')
PALETTE = [[9, 8, 7], [60, 50, 40], [255, 0, 100]]
QUIET = dict(progress=False)


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def predictor(trained):
    return Predictor(*trained(), batch_size=2)


@pytest.fixture
def photos():
    """Two images in nested folders; a third is added by tests."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name in ('a', 'x/a'):
        path = Path(f'photos/{name}.png')
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays[name] = rng.integers(0, 256, (5, 7, 3), np.uint8)
        cv2.imwrite(str(path), arrays[name])
    return arrays


@pytest.fixture
def ride():
    """A video of 6 frames of one colour each, 10 a second."""
    colours = [[200, 0, 0], [0, 200, 0], [0, 0, 200]] * 2
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter('ride.mp4', codec, 10, (32, 16))
    for colour in colours:
        writer.write(np.full((16, 32, 3), colour, np.uint8))
    writer.release()
    return [int(np.argmax(colour)) for colour in colours]


def run(predictor, *inputs, out='out', **options):
    options = RunOptions(**QUIET, **options)
    return PredictionRun(predictor, inputs, out, options).run()


def read(path):
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert values is not None, path
    return values


def written(folder='out'):
    return {
        p.relative_to(folder).as_posix(): p.stat().st_mtime_ns
        for p in Path(folder).glob('**/*.*')
        if not p.name.startswith('.') and p.is_file()
    }


@pytest.mark.parametrize('bits', [8, 16])
def test_what_is_written(predictor, photos, bits):
    summary = run(
        *(predictor, 'photos'),
        overlay=True,
        opacity=0.25,
        confidence_bits=bits,
        shares=Path('out/shares.json'),
    )
    assert summary.predicted == 2 and not summary.bad
    kinds = ('labels', 'overlays', 'confidences')
    assert set(written()) == {
        *(f'{kind}/{name}.png' for kind in kinds for name in photos),
        *('shares.json', 'predict.json'),
    }
    shares = json.loads(Path('out/shares.json').read_text())
    total = np.zeros(3)
    for name, image in photos.items():
        labels = image.argmax(2)
        assert np.array_equal(read(f'out/labels/{name}.png'), labels)
        colours = np.array(PALETTE)[labels][..., ::-1]
        painted = 0.25 * colours + 0.75 * image
        overlay = read(f'out/overlays/{name}.png').astype(float)
        assert abs(overlay - painted).max() <= 0.5
        scores = np.exp(image - image.max(2, keepdims=True).astype(float))
        grey = read(f'out/confidences/{name}.png')
        assert grey.dtype == (np.uint8 if bits == 8 else np.uint16)
        top = 2**bits - 1
        assert abs(grey - top / scores.sum(2)).max() <= 0.51
        counts = np.bincount(labels.ravel(), minlength=3)
        total += counts
        expected = dict(zip(CLASSES, counts / 35))
        assert shares['images'][name] == dict(pixels=35, shares=expected)
    expected = dict(zip(CLASSES, total / 70))
    assert shares['overall'] == dict(pixels=70, shares=expected)


def test_resume_predicts_what_is_missing(predictor, photos):
    run(predictor, 'photos')
    before = written()
    cv2.imwrite('photos/b.png', photos['a'])
    summary = run(
        *(predictor, 'photos'), resume=True, shares=Path('shares.json')
    )
    assert (summary.predicted, summary.kept) == (1, 2)
    after = written()
    assert after['labels/x/a.png'] == before['labels/x/a.png']
    shares = json.loads(Path('shares.json').read_text())['images']
    assert list(shares) == ['a', 'b', 'x/a'] and shares['a'] == shares['b']
    # a picture that is new needs the prediction
    summary = run(predictor, 'photos', resume=True, overlay=True)
    assert (summary.predicted, summary.kept) == (3, 0)
    summary = run(predictor, 'photos', resume=True, overlay=True)
    assert (summary.predicted, summary.kept) == (0, 3)
    # without it all are written anew
    assert run(predictor, 'photos').predicted == 3
    with pytest.raises(FileExistsError, match='opacity was 0.5 and is 0.1 no'):
        run(predictor, 'photos', overlay=True, opacity=0.1)


def test_results_of_another_model_are_left_alone(predictor, photos, trained):
    run(predictor, 'photos')
    before = written()
    config, checkpoint = trained()
    content = Path(checkpoint).read_bytes()
    Path('other.pth').write_bytes(content + b' ')
    other = Predictor(config, 'other.pth')
    with pytest.raises(FileExistsError, match='another run: weights was '):
        run(other, 'photos', resume=True)
    with pytest.raises(FileExistsError, match=r'ids was \[0, 1, 2\] and is'):
        run(Predictor(*trained(**REDUCED)), 'photos')
    assert written() == before


REDUCED = {'test_dataloader.dataset.reduce_zero_label': True}


def test_files_of_a_user_are_left_alone(predictor, photos):
    Path('out/labels/x').mkdir(parents=True)
    Path('out/labels/x/a.png').write_bytes(b'drawn by hand')
    with pytest.raises(FileExistsError, match='out/labels has x/a.png, which'):
        run(predictor, 'photos')
    assert Path('out/labels/x/a.png').read_bytes() == b'drawn by hand'
    Path('mine.json').write_text('{"kind": "mine"}')
    with pytest.raises(FileExistsError, match='mine.json exists and holds no'):
        run(predictor, 'photos', out='new', shares=Path('mine.json'))
    with pytest.raises(NotADirectoryError, match='mine.json is a file: name'):
        run(predictor, 'photos', out='mine.json')
    assert not Path('new').exists()


def test_other_images_of_the_same_name_are_no_others_results(
    predictor, photos
):
    """Nor are they left out as if they were done."""
    run(predictor, 'photos')
    before = written()
    os.rename('photos', 'moved')
    cv2.imwrite('moved/a.png', photos['x/a'])
    for resume in (True, False):
        with pytest.raises(FileExistsError, match='labels/a.png is of .*phot'):
            run(predictor, 'moved', resume=resume)
    assert written() == before
    # a name whose result is gone is free
    os.remove('out/labels/a.png')
    assert run(predictor, 'moved/a.png', resume=True).predicted == 1
    expected = photos['x/a'].argmax(2)
    assert np.array_equal(read('out/labels/a.png'), expected)


def test_a_video_that_is_cut_short(predictor, ride, monkeypatch):
    frames = Video.frames

    def one_less(self, is_wanted):
        self.num_frames += 1
        return frames(self, is_wanted)

    monkeypatch.setattr(Video, 'frames', one_less)
    summary = run(predictor, 'ride.mp4', overlay_video=True)
    assert summary.predicted == 6
    (note,) = summary.notes
    assert 'ride.mp4 ends after 6 of 7 frames' in note
    assert 'overlays/ride.mp4' in written()


def test_bad_files_stop_or_are_named(predictor, photos):
    Path('photos/b.png').write_bytes(b'no image')
    Path('photos/c.mp4').write_bytes(b'no video')
    with pytest.raises(UnreadableFileError, match='photos/c.mp4 cannot be op'):
        run(predictor, 'photos')
    Path('photos/c.mp4').unlink()
    with pytest.raises(UnreadableFileError, match='photos/b.png cannot be re'):
        run(predictor, 'photos', shares=Path('shares.json'))
    # what was predicted before is there, and counted
    assert 'labels/a.png' in written()
    assert 'a' in json.loads(Path('shares.json').read_text())['images']
    Path('photos/c.mp4').write_bytes(b'no video')
    summary = run(predictor, 'photos', on_bad_image='skip', resume=True)
    assert [m.split(' cannot')[0] for m in summary.bad] == [
        'video photos/c.mp4',
        'input image photos/b.png',
    ]
    assert (summary.predicted, summary.kept) == (1, 1)
    assert {'labels/a.png', 'labels/x/a.png'} <= set(written())


@pytest.mark.parametrize('num_workers', [0, 2])
def test_what_cannot_be_written_ends_the_run(
    predictor, photos, monkeypatch, num_workers
):
    def full(self, *args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(ResultFiles, 'write', full)
    predictor.num_workers = num_workers
    with pytest.raises(OSError, match='No space left'):
        run(predictor, 'photos')


def test_frames_of_a_video(predictor, photos, ride):
    options = dict(overlay_video=True, shares=Path('shares.json'))
    summary = run(predictor, 'ride.mp4', 'photos', **options)
    assert summary.predicted == 8
    found = [np.unique(read(f'out/labels/ride/{i:06d}.png')) for i in range(6)]
    assert [values.tolist() for values in found] == [[c] for c in ride]
    shares = json.loads(Path('shares.json').read_text())['images']
    assert shares['ride/000001']['shares'] == dict(sky=0, road=1, car=0)

    painted = Video(Path('out/overlays/ride.mp4'))
    assert (painted.fps, painted.num_frames) == (10, 6)
    for (_, frame), c in zip(painted.frames(), ride, strict=True):
        image = np.zeros(3)
        image[c] = 200
        colour = 0.5 * image + 0.5 * np.array(PALETTE[c][::-1])
        assert abs(frame.mean((0, 1)) - colour).max() < 6  # lossy
    assert not list(Path('out').glob('**/*.tmp*'))

    # a whole one is kept, another is painted from its start
    for change, expected in (
        (lambda path: None, (0, 6)),
        (os.remove, (6, 0)),
    ):
        change('out/overlays/ride.mp4')
        summary = run(predictor, 'ride.mp4', resume=True, **options)
        assert (summary.predicted, summary.kept) == expected
        assert Video(Path('out/overlays/ride.mp4')).num_frames == 6
    with pytest.raises(FileExistsError, match="video_fps was 'all' and is 5"):
        run(predictor, 'ride.mp4', fps=5, resume=True, **options)
    assert run(predictor, 'ride.mp4', fps=5, out='new').predicted == 3
    assert sorted(written('new')) == [
        *(f'labels/ride/00000{i}.png' for i in (0, 2, 4)),
        'predict.json',
    ]


# -- painted videos ----------------------------------------------------------
@pytest.fixture
def clip():
    """Frames of one colour each, whose names say their order by numbers."""
    order = [2, 0, 1, 0, 2, 1, 1, 0, 2, 0, 1, 2]
    for i, c in enumerate(order):
        image = np.zeros((15, 21, 3), np.uint8)
        image[..., c] = 200
        path = Path(f'drive/cam/f_{i}.png')  # f_10 is not behind f_1
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
    return order


def colour_of(c):
    image = np.zeros(3)
    image[c] = 200
    return 0.5 * image + 0.5 * np.array(PALETTE[c][::-1])


def test_images_of_a_folder_become_a_video(predictor, clip):
    options = dict(overlay_video=True, image_fps=12.5)
    assert run(predictor, 'drive/cam', **options).predicted == 12
    painted = Video(Path('out/overlays/cam.mp4'))
    assert (painted.fps, painted.num_frames) == (12.5, 12)
    for (_, frame), c in zip(painted.frames(), clip, strict=True):
        # odd numbers of rows and columns, of which none is lost
        assert frame.shape == (16, 22, 3)
        assert abs(frame.mean((0, 1)) - colour_of(c)).max() < 6
    assert len(list(Path('out/labels').glob('*.png'))) == 12
    assert read('out/labels/f_0.png').shape == (15, 21)
    # of the folder above it has the name of its own folder as well
    run(predictor, 'drive', out='above', **options)
    assert 'overlays/cam.mp4' in written('above')
    assert 'labels/cam/f_0.png' in written('above')

    for change, expected in (
        (lambda path: None, (0, 12)),
        (os.remove, (12, 0)),
    ):
        change('out/overlays/cam.mp4')
        summary = run(predictor, 'drive/cam', resume=True, **options)
        assert (summary.predicted, summary.kept) == expected
        assert Video(Path('out/overlays/cam.mp4')).num_frames == 12
    with pytest.raises(FileExistsError, match='image_fps was 12.5 and is 5'):
        run(predictor, 'drive/cam', overlay_video=True, image_fps=5)


def test_what_is_no_video_is_refused_before_anything_is_written(
    predictor, clip, ride
):
    both = dict(overlay_video=True, image_fps=5)
    with pytest.raises(ValueError, match='no video among .*--image-fps F'):
        run(predictor, 'drive', overlay_video=True)
    os.rename('ride.mp4', 'drive/cam.mp4')
    with pytest.raises(ValueError, match='would both become cam.mp4'):
        run(predictor, 'drive/cam', 'drive/cam.mp4', **both)
    cv2.imwrite('drive/cam/f_3.png', np.zeros((15, 20, 3), np.uint8))
    text = 'f_0.png has 21 x 15 and .*f_3.png 20 x 15 pixels .* of one size'
    with pytest.raises(ValueError, match=text):
        run(predictor, 'drive/cam', **both)
    assert not Path('out').exists()
    rates = [dict(both, image_fps=rate) for rate in (0, np.inf, np.nan)]
    for wrong in (*rates, dict(image_fps=5)):
        with pytest.raises(ValueError, match='--image-fps'):
            RunOptions(**wrong)
    Path('out/overlays').mkdir(parents=True)
    Path('out/overlays/cam.mp4').write_bytes(b'of a user')
    os.remove('drive/cam/f_3.png')
    with pytest.raises(FileExistsError, match='overlays has cam.mp4'):
        run(predictor, 'drive/cam', **both)
    assert Path('out/overlays/cam.mp4').read_bytes() == b'of a user'


def test_a_painted_video_has_all_frames_or_is_not_there(tmp_path):
    def painted(count):
        file = VideoFile(tmp_path / 'a.mp4', 25)
        for i in range(count):
            file.write(np.full((16, 16, 3), 50 * i, np.uint8))
        file.is_whole = True
        return file

    file = painted(3)
    with pytest.raises(ValueError, match='frame 3 has 16 x 14 .* 16 x 16'):
        file.write(np.zeros((14, 16, 3), np.uint8))
    file.close()
    assert Video(tmp_path / 'a.mp4').num_frames == 3
    (tmp_path / 'a.mp4').unlink()
    file = painted(3)
    file._count += 1  # what OpenCV could not write it does not say
    with pytest.raises(OSError, match='3 of 4 frames could be written'):
        file.close()
    assert not list(tmp_path.glob('*.mp4'))
    with pytest.raises(OSError, match='cannot write mp4v of 16 x 16 .*90000'):
        VideoFile(tmp_path / 'a.mp4', 90000).write(
            np.zeros((16, 16, 3), np.uint8)
        )
    assert not list(tmp_path.glob('**/.*'))


def test_frames_at_no_constant_rate_are_noted(predictor, ride, monkeypatch):
    times = iter([0, 40, 80, 500, 1000, 3000])
    get = cv2.VideoCapture.get

    class Varying:
        def __init__(self, path):
            self.inner = cv2.VideoCapture(path)

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def get(self, key):
            if key == cv2.CAP_PROP_POS_MSEC:
                return next(times)
            return get(self.inner, key)

    one = Video(Path('ride.mp4'))
    assert len(list(one.frames())) == 6 and not one.varies
    assert one.last_time == pytest.approx(0.5)
    monkeypatch.setattr(Video, '_open', lambda self: Varying(str(self.path)))
    summary = run(predictor, 'ride.mp4', overlay_video=True)
    (note,) = summary.notes
    assert 'no constant rate' in note and 'takes 0.6 s in the place of' in note


def test_a_signal_ends_it_behind_what_is_on_its_way(predictor, photos, ride):
    step = predictor.model.test_step

    def stopped(data):
        os.kill(os.getpid(), signal.SIGTERM)
        return step(data)

    predictor.model.test_step = stopped
    predictor.num_workers = 0
    options = dict(overlay_video=True, shares=Path('shares.json'))
    summary = run(predictor, 'ride.mp4', 'photos', **options)
    assert summary.was_stopped and summary.predicted == 2
    assert len(json.loads(Path('shares.json').read_text())['images']) == 2
    # half a video would pass for a whole one
    assert 'overlays/ride.mp4' not in written()
    predictor.model.test_step = step
    summary = run(predictor, 'ride.mp4', 'photos', resume=True)
    assert (summary.predicted, summary.kept) == (6, 2)


def test_a_long_video_is_not_held(predictor, ride, monkeypatch):
    """At most a batch, and what threads load ahead, is decoded before."""
    decoded, seen = 0, []
    frames = Video.frames

    def counted(self, *args):
        nonlocal decoded
        for item in frames(self, *args):
            decoded += 1
            yield item

    monkeypatch.setattr(Video, 'frames', counted)
    write = MapResults.write

    def noted(self, *args):
        seen.append(decoded)
        write(self, *args)

    monkeypatch.setattr(MapResults, 'write', noted)
    predictor.batch_size, predictor.num_workers = 1, 1
    run(predictor, 'ride.mp4')
    assert seen[:2] == [3, 4]


@pytest.mark.parametrize(
    'changes, expected',
    [
        ({}, [0, 1, 2]),
        (REDUCED, [1, 2, 3]),
        (
            dict(
                test_dataloader=None,
                test_pipeline=[
                    dict(type='LoadImageFromFile'),
                    dict(type='LoadAnnotations', reduce_zero_label=True),
                    dict(type='PackSegInputs'),
                ],
            ),
            [1, 2, 3],
        ),
    ],
)
def test_values_of_labels(trained, changes, expected):
    predictor = Predictor(*trained(**changes))
    assert predictor.ids().tolist() == expected
    assert predictor.ids('class').tolist() == [0, 1, 2]
    assert predictor.ids('cityscapes').tolist() == [23, 7, 26]


def test_classes_chosen_of_a_data_set(trained):
    """Files of ADE20K have its own numbers, whichever classes are taken."""
    classes = ('sky', 'road', 'car')
    paths = trained(
        **{
            'test_dataloader.dataset.type': 'ADE20KDataset',
            'test_dataloader.dataset.metainfo.classes': classes,
        }
    )
    assert Predictor(*paths).ids().tolist() == [3, 7, 21]


def test_values_of_a_set_that_cannot_be_built(trained):
    """Potsdam asserts that its folders are there; its ids begin at 1."""
    classes = ('tree', 'car', 'clutter')
    data = 'test_dataloader.dataset'
    changes = {
        f'{data}.type': 'PotsdamDataset',
        f'{data}.metainfo.classes': classes,
    }
    predictor = Predictor(*trained(meta=dict(classes=classes), **changes))
    assert predictor.ids().tolist() == [4, 5, 6]
    with pytest.raises(ValueError, match="'tree' is no class of Cityscapes"):
        predictor.ids('cityscapes')
    with pytest.raises(ValueError, match="ids to be one of .* got 'ade'"):
        predictor.ids('ade')


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(opacity=1.5), '--opacity to be in .0, 1., but got 1.5'),
        (dict(fps=0), '--fps to be above 0, but got 0'),
        (dict(confidence_bits=12), '--confidence-bits to be 8 or 16'),
        (dict(on_bad_image='go'), "--on-bad-image to be one of .* got 'go'"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RunOptions(**options)
