"""The admin speaks of tables and columns in words, in each language; none is left as the code has it."""

import pytest
from django.contrib import admin
from django.urls import reverse
from lxml import html

from hubsite.names import COLUMNS, ROOMS, TABLES
from papers.models import Paper
from tests.factories import make_citation, make_context, make_paper


def shown():
    """The models of our rooms that the admin has a page or a part of a page for."""
    for model, page in admin.site._registry.items():
        if model._meta.app_label in ROOMS:
            yield from [model, *(inline.model for inline in page.inlines)]


def columns(model):
    options = model._meta
    return [field for field in (*options.fields, *options.many_to_many) if not field.primary_key]


def test_all_that_the_admin_shows_has_a_name():
    models = set(shown())
    assert Paper in models
    assert {model.__name__ for model in models} == set(TABLES)
    assert {field.name for model in models for field in columns(model)} == set(COLUMNS)


def test_the_names_are_on_the_models():
    for model in shown():
        assert (model._meta.verbose_name, model._meta.verbose_name_plural) == TABLES[model.__name__]
        for field in columns(model):
            assert field.verbose_name == COLUMNS[field.name]


@pytest.mark.parametrize(
    ("language", "heads"),
    [
        ("en", ["Citing paper", "Cited paper", "Year of the citing paper", "Role", "Polarity"]),
        ("de", ["Zitierende Arbeit", "Zitierte Arbeit", "Jahr der zitierenden Arbeit", "Rolle", "Haltung"]),
    ],
)
def test_a_list_has_them_in_the_language_of_who_reads_it(admin_client, language, heads):
    make_citation()
    url = reverse("admin:citations_citation_changelist")
    page = html.document_fromstring(
        admin_client.get(url, headers={"accept-language": language}).content.decode()
    )
    texts = page.xpath("//table[@id='result_list']//th//*[@class='text']")
    assert [words for text in texts if (words := text.text_content().strip())][:5] == heads


def test_kinds_of_sections_are_filtered_by_their_names(admin_client):
    make_context(make_citation(), "As shown by [1].", section="Related work")
    url = reverse("admin:citations_citationcontext_changelist")
    page = html.document_fromstring(admin_client.get(url, headers={"accept-language": "de"}).content.decode())
    [link] = page.xpath("//a[contains(@href, 'passage__section_kind=related-work')]")
    assert link.text_content().strip() == "Forschungsstand"


def test_fields_in_rows_have_names_for_a_screen_reader(admin_client):
    paper = make_paper("A paper", authors=["Lee, Ann"], identifiers={"doi": "10.5555/named"})
    url = reverse("admin:papers_paper_change", args=[paper.pk])
    page = html.document_fromstring(admin_client.get(url, headers={"accept-language": "de"}).content.decode())
    fields = page.xpath(
        "//tr[contains(@class, 'form-row')]//*[self::input or self::select][not(@type='hidden')]"
    )
    assert {field.get("aria-label") for field in fields} == {"Schema", "Wert", "Name", "Löschen"}
