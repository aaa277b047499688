"""The WSGI application, which the server is pointed at: ``hubsite.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsite.settings")

application = get_wsgi_application()
