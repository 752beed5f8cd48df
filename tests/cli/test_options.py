"""What parsers say without asking the parts that it is of."""

from argparse import ArgumentParser
from dataclasses import asdict

import pytest

from mmseg_balance.cli import options
from mmseg_balance.cli.data import toy_streets
from mmseg_balance.configuration import data_roots
from mmseg_balance.datasets.toy_streets import ToyStreets


def test_settings_of_toy_streets_are_those_of_the_generator():
    parser = ArgumentParser()
    toy_streets.add_arguments(parser)
    args = vars(parser.parse_args([]))
    assert list(toy_streets.SETTINGS) == list(asdict(ToyStreets()))
    assert {k: args[k] for k in toy_streets.SETTINGS} == asdict(ToyStreets())


def test_variable_is_the_one_that_is_read():
    assert options.DATA_VARIABLE == data_roots.VARIABLE


def test_overrides_are_read_as_mmengine_reads_them(capsys):
    parser = ArgumentParser()
    options.add_cfg_options(parser)
    line = ['--cfg-options', 'a.b=[1,2]', 'c=x,3', '--cfg-options', 'd=True']
    found = parser.parse_args(line).cfg_options
    assert found == {'a.b': [1, 2], 'c': ['x', 3], 'd': True}
    assert parser.parse_args([]).cfg_options is None
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'a=1', 'b.py'])
    assert 'expected KEY=VALUE' in capsys.readouterr().err


def test_scripts_that_convert_their_own_labels_find_what_they_import():
    from mmseg_balance.datasets.converter_cli import (
        add_nproc,
        class_table,
        clear_exit,
        conversion_parser,
        finish_conversion,
        positive_int,
        print_counts,
    )

    args = conversion_parser('Mine', 'labels', 'images').parse_args(['a'])
    assert (args.label_dir, args.image_dir) == ('labels', 'images')
    with pytest.raises(SystemExit, match='^error: no such thing$'):
        with clear_exit():
            raise ValueError('no such thing')
    assert positive_int('3') == 3
    for function in (add_nproc, class_table, finish_conversion, print_counts):
        assert callable(function)
