"""The two halves of the site: the admin, and every page and API address of the explorer."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = settings.LIBRARY_NAME

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("explorer.urls")),
]
