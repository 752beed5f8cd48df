"""mmseg-balance data class-folders: images of one's own."""

import re

import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS

from mmseg_balance.cli.main import main


@pytest.fixture
def own(tmp_path, write_images):
    for name in ('drawings', 'photos'):
        files = [f'{c}/{i}.png' for c in ('cat', 'dog') for i in range(5)]
        write_images(tmp_path / name, files)
    return tmp_path


def listed(own, *options):
    folders = [str(own / name) for name in ('drawings', 'photos')]
    main(['data', 'class-folders', *folders, *options])


def test_lists_and_what_a_config_says(own, capsys):
    listed(own, '--val-share=0.4')
    out = capsys.readouterr().out
    assert 'class  drawings_train  drawings_val  photos_train  ph' in out
    assert 'cat                 3             2             3' in out
    text = (own / 'image_list/photos_val.txt').read_text()
    assert text == (
        'photos/cat/3.png 0\nphotos/cat/4.png 0\n'
        'photos/dog/3.png 1\nphotos/dog/4.png 1\n'
    )
    assert (own / 'image_list/classes.txt').read_text() == 'cat\ndog\n'
    config = out[out.index('dict(') :].replace('...', '[]')
    config = Config.fromstring(f'dataset = {config}', '.py').dataset
    dataset = DATASETS.build(config)
    assert dataset.class_pixels().sum(0).tolist() == [3, 3]
    # again, without a split
    listed(own)
    assert len((own / 'image_list/photos.txt').read_text().split('\n')) == 11


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda own: (own / 'photos/eel').mkdir(), "photos alone has 'eel'"),
        (lambda own: (own / 'photos/cat/2.png').write_bytes(b'x'),
         '1 of 20 files are no whole images: .*photos/cat/2.png'),
        (lambda own: [p.unlink() for p in (own / 'drawings/dog').iterdir()],
         "drawings: no image of 'dog'"),
    ],
)  # fmt: skip
def test_what_is_refused(own, spoil, message, capsys):
    spoil(own)
    with pytest.raises(SystemExit) as ended:
        listed(own)

    assert re.search(message, str(ended.value.code))
    assert not (own / 'image_list').exists()


def test_folders_that_are_skipped(own):
    (own / 'photos/eel').mkdir()
    listed(own, '--skip', 'eel')
    with pytest.raises(SystemExit, match='expected at least 0 and less than'):
        listed(own, '--val-share=1')
    with pytest.raises(SystemExit, match="0.95 .* no image of 'cat', 'dog'"):
        listed(own, '--skip', 'eel', '--val-share=0.95')
