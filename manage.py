#!/usr/bin/env python3
"""Runs the project's commands. A bad setting ends in one line, not in a traceback."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        sys.exit(f"manage.py: {error}. Run `make install`, then use .venv/bin/python manage.py.")
    try:
        _ = settings.DATABASES
    except ImproperlyConfigured as error:
        print(f"manage.py: {error}", file=sys.stderr)
        # 3 is what the commands promise for a failure that is neither the data's nor the arguments'.
        sys.exit(3)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
