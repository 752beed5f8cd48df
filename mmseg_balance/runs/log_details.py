"""Details that belong into the log file and not on the screen."""

import logging
import re

# what mmengine says of each parameter with settings of its own, and of each
# that is frozen, as all of a teacher's are
DETAILS = re.compile(
    r'paramwise_options -- |\S+ is skipped since its requires_grad=False'
)


class DetailFilter(logging.Filter):
    """Lowers the level of details to DEBUG, and lets all through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the level of a record where it is a detail."""
        if DETAILS.match(str(record.msg)):
            record.levelno = logging.DEBUG
            record.levelname = logging.getLevelName(logging.DEBUG)
        return True


def keep_details_in_file(logger: logging.Logger) -> None:
    """Show no settings of single parameters, and keep them in the log file.

    A config with ``paramwise_cfg`` gives hundreds of lines of them.

    Args:
        logger: Logger of a run, changed in place.
    """
    if not any(isinstance(f, DetailFilter) for f in logger.filters):
        logger.addFilter(DetailFilter())
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.setLevel(logging.DEBUG)
