"""``mmseg-balance`` and ``python -m mmseg_balance``."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import cast

from ..errors import exit_with, one_line
from ..version import __version__
from .command import Command, run_command

NAME = 'mmseg-balance'
# the module of 'data class-stats' is data/class_stats.py
COMMANDS = {
    'train': 'train a model, on one GPU or several',
    'test': 'evaluate a checkpoint',
    'predict': 'label images with a trained model',
    'pseudo-labels': 'label the target set of a training, for a second one',
    'watch': 'a training that runs, in a browser',
    'browse': 'look at what a training would learn from',
    'demo': 'adapt a small network to toy streets, in minutes on a CPU',
    'translate': 'source images in the look of the target, for a training',
    'compare': 'runs side by side: over seeds, class by class, with intervals',
    'reproduce': "train and test a row of the paper's tables",
    'configs list': 'names of the configs that come with the package',
    'configs show': 'a config, with all that it takes from others',
    'configs copy': 'a config of yours, to edit, from one of these',
    'configs flops': 'operations and parameters of the network of a config',
    'data gta': 'train ids and class statistics of GTA',
    'data synthia': 'the same of SYNTHIA-RAND-CITYSCAPES',
    'data cityscapes': 'the same of Cityscapes',
    'data viper': 'the same of VIPER, sequences of a game',
    'data cityscapes-seq': 'the same of Cityscapes, with lists of frames',
    'data bddvid': 'BDDVid of the clips of BDD100K',
    'data flow': 'optical flow of the frames of a config',
    'data toy-streets': 'draw the toy streets of the demo',
    'data toy-sequences': 'draw toy streets that move, with exact flow',
    'data toy-objects': 'draw the toy objects, images of 12 classes',
    'data class-folders': 'check and list images in a folder for each class',
    'data class-stats': "class statistics of any data set's labels",
    'data map-labels': 'replace values in label files',
    'data check': "read every image and label of a config's data sets",
    'checkpoint convert': 'from a checkpoint of a public UDA repository',
    'checkpoint export': 'to a plain segmentor of MMSegmentation',
    'logits fit': 'fit the distributions that post-hoc balancing needs',
    'logits sweep-tau': 'scores of post-hoc balancing over its scale',
    'logits bias': 'which classes a checkpoint predicts too often, and why',
    'logits offsets': 'what the offsets of BLDA do to which pixels',
    'figure list': 'which figure of which paper each of these is',
    'figure bias': 'logits and bias of every class, in one order',
    'figure class-weights': 'class weights over a training, and by class',
    'figure confusion': 'a confusion matrix, or how two differ',
    'figure logits': 'logits of some classes beside the anchors',
    'figure mixtures': 'the estimated mixtures of each pair of classes',
    'figure per-class': 'scores of each class, runs side by side',
    'figure pseudo-labels': 'share of each class in the pseudo-labels',
    'figure qualitative': 'segmentations of two models, and what improved',
    'figure tau': 'scores of post-hoc balancing over its scale',
}
# modules that lie beside related ones
PLACES = {
    'pseudo-labels': 'data.pseudo_labels',
    'translate': 'data.translate',
    'data viper': 'data.video.viper',
    'data cityscapes-seq': 'data.video.cityscapes_seq',
    'data bddvid': 'data.video.bddvid',
    'data toy-sequences': 'data.video.toy_sequences',
    'data flow': 'data.video.flow',
    'data toy-objects': 'data.objects.toy_objects',
    'data class-folders': 'data.objects.class_folders',
}
GROUPS = {name.split()[0] for name in COMMANDS if ' ' in name}
HELP = ('-h', '--help')


def load(name: str) -> Command:
    """Module of a command.

    Args:
        name: A key of ``COMMANDS``.
    """
    path = PLACES.get(name, name).replace(' ', '.').replace('-', '_')
    return cast(Command, import_module(f'{__package__}.{path}'))


def overview(group: str = '') -> str:
    """The commands, a line each.

    Args:
        group: First word of those to show; by default all are.
    """
    shown = {
        name: line
        for name, line in COMMANDS.items()
        if group in ('', name.split()[0])
    }
    width = max(map(len, shown))
    lines = [f'  {name:{width}}  {line}' for name, line in shown.items()]
    words = f'{NAME} {group}'.strip()
    return '\n'.join(
        [
            f'usage: {words} COMMAND ...',
            '',
            *lines,
            '',
            f'{words} COMMAND --help has the options of a command, and '
            'examples.',
        ]
    )


def find_command(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command that a line names.

    Args:
        words: The line, without the name of the program.

    Returns:
        Key of ``COMMANDS``, and the words behind it.

    Raises:
        SystemExit: The line asks for help, or names no command.
    """
    first, *rest = words or ['']
    if first == '--version':
        print(f'{NAME} {__version__}')
        sys.exit()
    if first in HELP:
        print(overview())
        sys.exit()
    if first == 'configs' and (not rest or rest[0].startswith('-')):
        if rest[:1] not in ([h] for h in HELP):
            rest = ['list', *rest]
    if first == 'figure' and rest[:1] == ['--list']:
        rest = ['list', *rest[1:]]
    if first in GROUPS:
        if rest and rest[0] in HELP:
            print(overview(first))
            sys.exit()
        return _known(f'{first} {rest[0] if rest else ""}'.strip()), rest[1:]
    return _known(first), rest


def _known(name: str) -> str:
    """Refuse what is no command; name those that are meant."""
    if name in COMMANDS:
        return name
    name = name.strip()
    if not name or name in GROUPS:
        print(overview(name), file=sys.stderr)
        sys.exit(2)
    # also where a word of a group stands alone, 'gta' for 'data gta'
    names = dict.fromkeys((*COMMANDS, *GROUPS))
    ends = [n for n in names if n.split()[-1] == name.split()[-1]]
    near = ends or get_close_matches(name, names, 1)
    meant = f'did you mean {" or ".join(near)}? ' if near else ''
    print(
        f'error: there is no command {name!r}: {meant}{NAME} --help lists '
        'them',
        file=sys.stderr,
    )
    sys.exit(2)


def main(words: Sequence[str] | None = None) -> None:
    """Run a command.

    Args:
        words: The line; by default that of the process.

    Raises:
        SystemExit: Something is wrong: 2 where the line itself is.
    """
    name, rest = find_command(sys.argv[1:] if words is None else words)
    try:
        run_command(load(name), rest, f'{NAME} {name}')
    except ImportError:
        _refuse_upstream()
        raise


def _refuse_upstream() -> None:
    """End where MMSegmentation is missing, or not of a version that fits."""
    try:
        from ..compat import check_versions

        check_versions()
    except ImportError as error:
        exit_with(one_line(error))


if __name__ == '__main__':
    main()
