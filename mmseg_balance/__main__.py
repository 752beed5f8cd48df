"""``python -m mmseg_balance``: the command line."""

from importlib import import_module

if __name__ == '__main__':
    # by name, since other modules of this folder are below all others
    import_module('mmseg_balance.cli.main').main()
