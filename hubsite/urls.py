"""The two halves of the site: the admin, and every page and API address of the explorer."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = settings.LIBRARY_NAME

urlpatterns = [
    path("admin/", admin.site.urls),
    # Browsers ask for it on pages that do not name one, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=static("favicon.svg"))),
    path("", include("explorer.urls")),
]

handler404 = "explorer.views.not_found"
