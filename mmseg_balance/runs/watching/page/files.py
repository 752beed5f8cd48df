"""The files that the page consists of, by their names."""

from .charts import SCRIPT as CHARTS
from .html import ICON, PAGE
from .parts import SCRIPT as PARTS
from .polling import SCRIPT as POLLING
from .style import STYLE

# name: (type, content); the page itself has none
FILES = {
    '': ('text/html; charset=utf-8', PAGE.encode()),
    'icon.svg': ('image/svg+xml', ICON.encode()),
    'style.css': ('text/css; charset=utf-8', STYLE.encode()),
    'charts.js': ('text/javascript; charset=utf-8', CHARTS.encode()),
    'parts.js': ('text/javascript; charset=utf-8', PARTS.encode()),
    'polling.js': ('text/javascript; charset=utf-8', POLLING.encode()),
}
