"""Imported by the fork server of ``tool_processes``, and by nothing else."""

from forked_runs import import_all

import_all()
