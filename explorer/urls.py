"""The addresses of the pages (contract: Pages) and of the API."""

from django.conf import settings
from django.urls import path, re_path

from explorer import api, views

app_name = "explorer"

urlpatterns = [
    path("", views.home, name="home"),
    path("suggestions/", views.suggestions, name="suggestions"),
    path("papers/", views.papers, name="papers"),
    path("papers/<int:paper_id>/", views.hub),
    path("papers/<int:paper_id>-<slug:slug>/", views.hub, name="hub"),
    path("papers/<int:paper_id>/citing/", views.citing),
    path("papers/<int:paper_id>-<slug:slug>/citing/", views.citing, name="citing"),
    path("papers/<int:paper_id>/citing/export/", views.export),
    path("papers/<int:paper_id>-<slug:slug>/citing/export/", views.export, name="export"),
    path("papers/<int:paper_id>/card.<str:kind>", views.card),
    path("papers/<int:paper_id>-<slug:slug>/card.<str:kind>", views.card, name="card"),
    path("papers/<int:paper_id>/years/", views.years),
    path("papers/<int:paper_id>-<slug:slug>/years/", views.years, name="years"),
    path("papers/<int:paper_id>/citing/<int:citing_id>/", views.citation, name="evidence"),
    path("compare/", views.compare, name="compare"),
    path("authors/<int:author_id>/", views.author, name="author"),
    path("about/labels/", views.about_labels, name="about-labels"),
    path("about/accuracy/", views.about_accuracy, name="accuracy"),
    path("about/accuracy/disagreements/", views.disagreements, name="disagreements"),
    path("api/v1/", api.addresses()),
    re_path(r"^(?P<scheme>doi|arxiv)/(?P<value>.+?)/?$", views.by_identifier),
    re_path(r"^id/(?P<scheme>[A-Za-z0-9]+)/(?P<value>.+?)/?$", views.by_identifier),
]
if settings.DEBUG:
    from explorer import design

    urlpatterns.append(path("about/design/", design.page, name="design"))
