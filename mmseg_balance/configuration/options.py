"""``--cfg-options`` of the command lines."""

import argparse
from collections.abc import Sequence

from mmengine.config import DictAction


class OptionAction(DictAction):
    """mmengine's ``KEY=VALUE ...``, with one line where there is no ``=``.

    A config file behind the overrides is taken for one of them; this is
    where that is said.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Take the overrides, or end the program as argparse does."""
        for value in values:
            if not value.partition('=')[1] or value.startswith('='):
                parser.error(
                    f'{option_string}: expected KEY=VALUE, but got '
                    f'{value!r}; other arguments stand before '
                    f'{option_string}'
                )
        super().__call__(parser, namespace, values, option_string)
