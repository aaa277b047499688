"""The WSGI application, which the server is pointed at: ``hubsite.wsgi:application``."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")

# A thread that makes a page gives way after a millisecond, not five: one that answers a kept page or
# refuses takes Python's lock several times, and waits so long each time (explorer/limits.py).
sys.setswitchinterval(0.001)

application = get_wsgi_application()
