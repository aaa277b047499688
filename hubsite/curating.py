"""The admin as curators see it: the library's look, and what waits for them on its first page."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy

from hubsite.names import give_names


class CuratingConfig(AdminConfig):
    default_site = "hubsite.curating.CuratingSite"

    def ready(self):
        give_names()
        super().ready()


class CuratingSite(admin.AdminSite):
    index_title = gettext_lazy("Curation")

    def index(self, request, extra_context=None):
        from citations.queues import queues_of

        return super().index(request, {"queues": queues_of(request.user), **(extra_context or {})})

    def get_app_list(self, request, app_label=None):
        """What curators work on first, logins and their failures last."""
        found = super().get_app_list(request, app_label)
        return sorted(found, key=lambda app: app["app_label"] not in ("citations", "papers"))
