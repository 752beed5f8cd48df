"""docs/get_started.md, followed in an empty folder with tiny settings."""

from helpers import doc_pages as pages

PAGE = pages.ROOT / 'docs' / 'get_started.md'
# what is added to the first commands on toy streets
TINY = dict(
    data='--num-source 8 --num-target 8 --num-val 8 --height 64 --width 128 '
    '--nproc 1',
    train='--cfg-options train_cfg.max_iters=2 train_cfg.val_interval=2 '
    'param_scheduler=None model.segmentor.data_preprocessor.size=64,128 '
    'default_hooks.checkpoint.interval=2 '
    'train_dataloader.num_workers=0 val_dataloader.num_workers=0 '
    'train_dataloader.persistent_workers=False '
    'val_dataloader.persistent_workers=False',
    test='',
    predict='',
)


def test_first_training(run_line, tmp_path, monkeypatch, capsys):
    """Toy streets, a training, its test and predictions with overlays."""
    monkeypatch.chdir(tmp_path)
    lines = [
        command.words[1:]
        for command in pages.commands(PAGE)
        if command.words[0] == 'mmseg-balance'
        and command.words[1] in TINY
        and not command.needs_data
    ]
    assert [words[0] for words in lines] == list(TINY)
    for words in lines:
        words = [word.replace('iter_500', 'iter_2') for word in words]
        run_line(*words, *TINY[words[0]].split())
    assert 'mIoU' in capsys.readouterr().out
    for kind in ('labels', 'overlays'):
        found = list((tmp_path / 'predictions' / kind).rglob('[!.]*.*'))
        assert len(found) == 8, kind
