"""How Sphinx builds these pages: ``make docs``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mmseg_balance.version import __version__  # noqa: E402

project = 'mmseg_balance'
author = 'The mmseg_balance contributors'
version = release = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
]
# the examples are programs that pages include; tables written by tools are
# part of benchmarks.md
exclude_patterns = ['_build', 'examples', 'benchmarks']

myst_enable_extensions = ['dollarmath', 'colon_fence']
# headings down to the third level can be linked to
myst_heading_anchors = 3

# docstrings are Google's; names of types are those of the signatures
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
autodoc_member_order = 'bysource'
autodoc_typehints = 'none'
# what torch and mmengine say of the methods inherited from them stands there
autodoc_inherit_docstrings = False

html_theme = 'furo'
html_title = f'mmseg_balance {__version__}'
