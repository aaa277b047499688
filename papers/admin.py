"""Admin of room 1: how papers are found, shown and compared with what each source said.

``PaperAdmin`` is registered in ``citations/admin.py``, which adds what needs that room:
claims, merging, and the hubs that an edit reaches. Evidence is never deleted here.
"""

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from papers import identifiers, text
from papers.models import (
    Author,
    Authorship,
    Field,
    Notice,
    Paper,
    PaperIdentifier,
    PaperVersion,
    SourceRecord,
    Venue,
)


class ReadOnly:
    """For what imports write: everybody may look, nobody may add, change or delete."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class FindsPapers:
    """Search by title words, author names, or an identifier in any form, pasted links included.

    ``paper_paths``: lookups from the model to papers, "" for the model itself.
    ``text_paths``: lookups to text that may hold the words as they stand.
    """

    paper_paths = ("",)
    text_paths = ()
    search_fields = ("paper_paths", "text_paths")  # the stock admin asks only whether there are any

    def get_search_results(self, request, queryset, search_term):
        if not search_term.strip():
            return queryset, False
        named = identifiers.parse_identifier(search_term)
        words = text.fold(search_term).split()
        condition = Q()
        for path in self.paper_paths:
            prefix = f"{path}__" if path else ""
            if named:
                condition |= Q(**{f"{prefix}pk__in": Paper.objects.by_identifier(*named).values("pk")})
            elif words:
                holds_all = Q()
                for word in words:
                    holds_all &= Q(**{f"{prefix}search_text__contains": word})
                condition |= holds_all
        for path in self.text_paths:
            condition |= Q(**{f"{path}__icontains": search_term.strip()})
        return (queryset.filter(condition) if condition else queryset.none()), False


class RecordedAdmin(SimpleHistoryAdmin):
    """The history of a row as a list. The stock list has an inline style, and its way back
    goes past the functions that keep hubs right, so neither is used."""

    object_history_list_template = "admin/_changes.html"

    def get_urls(self):
        return super(SimpleHistoryAdmin, self).get_urls()

    def revert_disabled(self, request, obj=None):
        return True

    def history_view_title(self, request, obj):
        return _("Change history: %s") % obj


class IdentifierForm(forms.ModelForm):
    class Meta:
        model = PaperIdentifier
        fields = ["scheme", "value"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("scheme") and cleaned.get("value"):
            value = identifiers.normalise(cleaned["scheme"], cleaned["value"])
            if value is None:
                raise forms.ValidationError(_("This is no identifier of that scheme."))
            ((cleaned["scheme"], cleaned["value"]),) = identifiers.canonical(
                {cleaned["scheme"]: value}
            ).items()
        return cleaned


class NamedFormSet(forms.BaseInlineFormSet):
    def get_deletion_widget(self):
        return forms.CheckboxInput({"aria-label": _("Delete")})


class Rows(admin.TabularInline):
    """Rows whose fields have names for a screen reader; stock ones have the heads of columns."""

    extra = 0
    formset = NamedFormSet

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = capfirst(db_field.verbose_name)
        return field


class IdentifierInline(Rows):
    model = PaperIdentifier
    form = IdentifierForm
    can_delete = False


class AuthorshipInline(Rows):
    model = Authorship
    fields = ["name", "author", "link_reason"]
    readonly_fields = ["author", "link_reason"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("author")


class VersionInline(ReadOnly, Rows):
    model = PaperVersion
    fields = ["kind", "title", "venue", "date"]


class NoticeInline(ReadOnly, Rows):
    model = Notice
    fk_name = "paper"
    fields = ["kind", "notice_paper", "source"]


class PaperAdmin(FindsPapers, RecordedAdmin):
    list_display = ["__str__", "year", "venue", "is_stub", "retracted"]
    list_select_related = ["venue"]
    list_filter = ["is_stub", "is_fictional", "retracted", "summary_origin"]
    list_per_page = 50
    ordering = ["-id"]
    show_full_result_count = False
    autocomplete_fields = ["venue", "fields"]
    inlines = [IdentifierInline, AuthorshipInline, VersionInline, NoticeInline]
    readonly_fields = ["said", "is_stub", "is_fictional", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["title", "year", "date", "venue", "fields", "kind", "language"]}),
        (None, {"fields": ["abstract", "abstract_language", "summary", "license", "retracted"]}),
        (
            _("What each source said"),
            {"fields": ["said", "is_stub", "is_fictional", "created_at", "updated_at"]},
        ),
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("title", "summary"):
            field.widget.attrs["rows"] = 2
        return field

    @admin.display(description=_("sources"))
    def said(self, paper):
        """The newest record of each source beside what is shown, and whose word that is."""
        return render_to_string("admin/papers/_said.html", side_by_side(paper))


def side_by_side(paper):
    """``{"records": […], "lines": [(field, whose word is shown, [what each record says])]}``. One query."""
    records = {}
    for record in paper.source_records.order_by("-last_read_at", "-id"):
        records.setdefault(record.source, record)
    names = dict.fromkeys(name for record in records.values() for name in record.payload)
    names |= dict.fromkeys(paper.field_sources)
    lines = [
        (name, paper.field_sources.get(name, ""), [_words(row.payload.get(name)) for row in records.values()])
        for name in names
    ]
    return {"records": list(records.values()), "lines": lines}


def _words(value):
    """A value of a record's payload as one line of text."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_words(part)}" for key, part in value.items() if part)
    if isinstance(value, list):
        parts = [
            part.get("name") or part.get("text") or _words(part) if isinstance(part, dict) else part
            for part in value
        ]
        return "; ".join(map(str, parts))
    return str(value)


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ["name", "key"]
    search_fields = ["name_folded", "key"]
    show_full_result_count = False

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, text.fold(search_term) or search_term)


@admin.register(Venue)
class VenueAdmin(admin.ModelAdmin):
    list_display = ["name"]
    search_fields = ["name_folded"]

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, text.fold(search_term))


@admin.register(Field)
class FieldAdmin(admin.ModelAdmin):
    list_display = ["name"]
    search_fields = ["name"]


@admin.register(SourceRecord)
class SourceRecordAdmin(FindsPapers, ReadOnly, admin.ModelAdmin):
    paper_paths = ("paper",)
    text_paths = ("source_key",)
    list_display = ["source", "source_key", "paper", "locator", "last_read_at"]
    list_select_related = ["paper"]
    list_filter = ["source"]
    show_full_result_count = False
