"""The two halves of the site: the admin, and every page and API address of the explorer."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from django.views.i18n import set_language

admin.site.site_header = admin.site.site_title = settings.LIBRARY_NAME

urlpatterns = [
    path("admin/", admin.site.urls),
    # Browsers ask for it on pages that do not name one, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"))),
    # Without a token: pages are kept for everybody (explorer/caching.py), and a language is no secret.
    path("language/", csrf_exempt(set_language), name="set_language"),
    path("", include("explorer.urls")),
]

handler404 = "explorer.views.not_found"
