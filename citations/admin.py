"""The curators' desk: screens show the evidence, acts are functions of ``curation`` and ``merging``.

Holds no rules: a screen finds rows, asks for rights, hands over what was entered and tells
what was refused. Evidence can be looked at and added to, never deleted. The admin of
papers is registered here, since claims, merging and hubs belong to this room.
"""

from functools import wraps

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from citations import curation, identity, labelling
from citations.curation import Refused
from citations.labels import POLARITY_DESCRIPTIONS, ROLE_DESCRIPTIONS, Dimension, Polarity, Role
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    Claim,
    ClaimTreatment,
    HubSummary,
    ImportRun,
    Merge,
    Passage,
    RepresentativePin,
    UnmatchedReference,
)
from papers import duplicates, identifiers
from papers.admin import FindsPapers, PaperAdmin, ReadOnly, RecordedAdmin
from papers.models import Authorship, Paper, PossibleDuplicate
from papers.sections import SECTION_LABELS

LOW_CONFIDENCE = 0.6


# -- what the screens share --------------------------------------------------------------------


class TellsRefusals:
    """Forms of the stock admin whose saving may be refused: the reason becomes a message."""

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())


class Desk(ReadOnly):
    """A page that shows one row and offers acts: forms whose button is named ``act``.

    ``acts``: name of the act -> the right it needs; ``act_<name>(request, row)`` does it and
    may return a response. ``show(request, row)`` gives what the page's template wants.
    """

    acts = {}

    def show(self, request, row):
        return {}

    def change_view(self, request, object_id, form_url="", extra_context=None):
        row = self.get_object(request, unquote(object_id))
        if row is not None and request.method == "POST":
            return self._act(request, row)
        context = (
            self.show(request, row) if row is not None and self.has_view_permission(request, row) else {}
        )
        context["may"] = {name: request.user.has_perm(right) for name, right in self.acts.items()}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _act(self, request, row):
        name = request.POST.get("act", "")
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if name not in self.acts:
            raise Http404(f"no such act: {name}")
        if not request.user.has_perm(self.acts[name]):
            raise PermissionDenied
        try:
            response = getattr(self, f"act_{name}")(request, row)
        except Refused as refusal:
            messages.error(request, str(refusal))
            response = None
        return response or HttpResponseRedirect(request.get_full_path())


def entered(form):
    """What a form holds. Raises Refused with all that is wrong with it."""
    if not form.is_valid():
        problems = [
            f"{form.fields[name].label or name}: {error}" if name in form.fields else str(error)
            for name, errors in form.errors.items()
            for error in errors
        ]
        raise Refused(" ".join(problems))
    return form.cleaned_data


def for_each(done):
    """Make an action of ``act(admin, request, row)``: it is done for each selected row.

    ``done`` is the message (``ngettext_lazy`` by "count"); what is refused is told.
    """

    def decorate(act):
        @wraps(act)
        def action(self, request, queryset):
            count = 0
            for row in queryset:
                try:
                    act(self, request, row)
                    count += 1
                except Refused as refusal:
                    messages.error(request, f"{row}: {refusal}")
            if count:
                messages.success(request, done % {"count": count})

        return action

    return decorate


class OpenFirst(admin.SimpleListFilter):
    """Of a queue: what is open shows first, since that is what it is for; ``all`` is a choice."""

    title = gettext_lazy("state")

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": _("open"),
        }
        yield from list(super().choices(changelist))[1:]


class LabelForm(forms.Form):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), required=False, choices=[("", gettext_lazy("as it is")), *Role.choices]
    )
    polarity = forms.ChoiceField(
        label=gettext_lazy("Polarity"),
        required=False,
        choices=[("", gettext_lazy("as it is")), *Polarity.choices],
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class LowConfidence(admin.SimpleListFilter):
    title = gettext_lazy("confidence")
    parameter_name = "confidence"

    def lookups(self, request, model_admin):
        return [("low", _("below %(bound)s") % {"bound": LOW_CONFIDENCE}), ("none", _("not stated"))]

    def queryset(self, request, queryset):
        if self.value() == "low":
            return queryset.filter(confidence__lt=LOW_CONFIDENCE)
        return queryset.filter(confidence=None) if self.value() == "none" else queryset


def _reworded(choice, word_of):
    """A choice of a filter in other words; a count in brackets, which may follow, stays."""
    shown, bracket, count = choice["display"].partition(" (")
    return choice | {"display": f"{word_of(shown)}{bracket}{count}"}


class Done(admin.EmptyFieldListFilter):
    """Whether the moment of an act is there: "yes" and "no" for "not empty" and "empty"."""

    def choices(self, changelist):
        every, empty, there = super().choices(changelist)
        yield every
        yield _reworded(empty, lambda _shown: _("no"))
        yield _reworded(there, lambda _shown: _("yes"))


class Values(admin.AllValuesFieldListFilter):
    """The values of a column by ``words`` of the pages; what is empty is said to be, as ``empty``."""

    words = {}
    empty = gettext_lazy("not stated")

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield _reworded(choice, lambda shown: self.words.get(shown, shown or self.empty))


class SectionKinds(Values):
    words = SECTION_LABELS


class LabelWords(Values):
    words = dict([*Role.choices, *Polarity.choices])
    empty = gettext_lazy("no word of ours")


WITHDRAWN = ("withdrawn_at", Done)


class Labelled(admin.SimpleListFilter):
    title = gettext_lazy("label")
    parameter_name = "label"

    def lookups(self, request, model_admin):
        return [
            ("none", _("unlabelled")),
            ("low", _("machine label, low confidence")),
            ("unmapped", _("has a label that is not mapped")),
            ("curators", _("labelled by more than one curator's word")),
        ]

    def queryset(self, request, queryset):
        in_force = Q(assertions__withdrawn_at=None)
        if self.value() == "none":
            return queryset.filter(role="", withdrawn_at=None)
        if self.value() == "low":
            return queryset.filter(
                in_force,
                assertions__confidence__lt=LOW_CONFIDENCE,
                role_source__in=["provider", "classifier"],
            ).distinct()
        if self.value() == "unmapped":
            return queryset.filter(in_force, assertions__dimension="unmapped").distinct()
        if self.value() == "curators":
            words = Count(
                "assertions__value", filter=in_force & Q(assertions__source="curator"), distinct=True
            )
            return queryset.annotate(words=words).filter(words__gt=1)
        return queryset


# -- papers ------------------------------------------------------------------------------------


class ClaimInline(admin.StackedInline):
    model = Claim
    formfield_overrides = {models.TextField: {"widget": forms.Textarea({"rows": 2})}}
    fields = ["text", "quote", "section", "origin", "withdrawn_at"]
    readonly_fields = ["origin", "withdrawn_at"]
    extra = 0
    can_delete = False


@admin.register(Paper)
class CuratedPaperAdmin(TellsRefusals, PaperAdmin):
    """Papers with their claims. What a curator sets is marked, and all hubs that show it follow."""

    inlines = [*PaperAdmin.inlines, ClaimInline]
    actions = ["merge_two"]

    def save_model(self, request, obj, form, change):
        curation.edit_paper(paper=obj, curator=request.user, names=form.changed_data)

    def save_formset(self, request, form, formset, change):
        rows = formset.save(commit=False)
        if formset.model is Claim:
            for claim in formset.new_objects:
                added = curation.add_claim(
                    paper=form.instance,
                    curator=request.user,
                    text=claim.text,
                    quote=claim.quote,
                    section=claim.section,
                )
                claim.pk = added.pk
            for claim, _names in formset.changed_objects:
                curation.edit_claim(
                    claim=claim,
                    curator=request.user,
                    text=claim.text,
                    quote=claim.quote,
                    section=claim.section,
                )
        elif formset.model is Authorship:
            if formset.has_changed():
                curation.edit_authors(
                    paper=form.instance, curator=request.user, named=rows, gone=formset.deleted_objects
                )
        else:
            for row in rows:
                row.save()

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        curation.refresh_paper(paper=form.instance)

    @admin.action(description=gettext_lazy("Merge the two selected papers"), permissions=["merge"])
    def merge_two(self, request, queryset):
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[:3])
        if len(ids) != 2:
            messages.error(request, _("Select exactly two papers."))
            return None
        return HttpResponseRedirect(reverse("admin:citations_merge_two", args=ids))

    def has_merge_permission(self, request):
        return request.user.has_perm("citations.add_merge")


class MergeForm(forms.Form):
    keep = forms.TypedChoiceField(
        label=gettext_lazy("Keep the address of"), coerce=int, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def __init__(self, *args, papers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = _numbered(papers)


def _numbered(papers):
    """Papers to choose from, by the numbers that head their columns: titles may be alike."""
    return [(paper.pk, f"{paper.pk}: {paper}") for paper in papers]


@admin.register(Merge)
class MergeAdmin(FindsPapers, Desk, admin.ModelAdmin):
    paper_paths = ("paper",)
    text_paths = ("merged_title",)
    list_display = ["__str__", "merged_title", "paper", "merged_by", "merged_at", "undone_at"]
    list_select_related = ["paper", "merged_by"]
    list_filter = [("undone_at", Done)]
    exclude = ["journal"]
    change_form_template = "admin/citations/merge/change_form.html"
    acts = {"undo": "citations.change_merge"}

    def get_queryset(self, request):
        return super().get_queryset(request).defer("journal")

    def get_urls(self):
        two = path(
            "two/<int:first>/<int:second>/",
            self.admin_site.admin_view(self.two_view),
            name="citations_merge_two",
        )
        return [two, *super().get_urls()]

    def two_view(self, request, first, second):
        """Two papers side by side, and the ways out: they are one, they are two, or later."""
        may = {
            "merge": request.user.has_perm("citations.add_merge"),
            "apart": request.user.has_perm("papers.change_possibleduplicate"),
        }
        apart = request.POST.get("act") == "apart"
        if request.method == "POST":
            if not may["apart" if apart else "merge"]:
                raise PermissionDenied
        elif not (may["merge"] or request.user.has_perm("papers.view_possibleduplicate")):
            raise PermissionDenied
        found = Paper.objects.for_page().select_related("venue", "hub_summary")
        papers = [get_object_or_404(found, pk=key) for key in (first, second)]
        if apart:
            return self._tell_apart(request, *papers)
        form = MergeForm(request.POST or None, papers=papers, initial={"keep": first})
        if request.method == "POST" and form.is_valid():
            keep, lose = sorted(papers, key=lambda paper: paper.pk != form.cleaned_data["keep"])
            try:
                merge = identity.make_one(
                    keep=keep, lose=lose, by=request.user, reason=form.cleaned_data["reason"]
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The two papers are one. It can be undone here."))
                self.log_addition(request, merge, str(merge))
                return HttpResponseRedirect(reverse("admin:citations_merge_change", args=[merge.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Merge two papers"),
            "papers": papers,
            "lines": _compared(papers),
            "form": form,
            "may": may,
            "queued": duplicates.said_of(first, second),
        }
        return TemplateResponse(request, "admin/citations/merge/two.html", context)

    def _tell_apart(self, request, one, other):
        try:
            identity.tell_apart(one=one, other=other, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("They are two different papers, and stay so."))
        return HttpResponseRedirect(reverse("admin:papers_possibleduplicate_changelist"))

    def act_undo(self, request, merge):
        identity.make_two(merge=merge, by=request.user)
        self.log_change(request, merge, "undone")
        messages.success(request, _("There are two papers again."))


def _compared(papers):
    """[(what, [of each paper])] for the eye to compare. Four queries."""
    ids = [paper.pk for paper in papers]
    cites = dict(
        Citation.objects.current()
        .filter(citing_paper_id__in=ids)
        .values_list("citing_paper_id")
        .annotate(papers=Count("id"))
    )
    return [
        *_described(papers),
        (_("kind"), [paper.kind for paper in papers]),
        (_("known from references only"), [_("yes") if paper.is_stub else _("no") for paper in papers]),
        (_("papers that cite it"), [_known(paper) for paper in papers]),
        (_("papers it cites"), [cites.get(paper.pk, 0) for paper in papers]),
        (_("abstract"), [paper.abstract for paper in papers]),
    ]


def _described(papers):
    """[(what, [of each paper])]: what a reference may say of it too."""
    return [
        (_("title"), [paper.title for paper in papers]),
        (_("authors"), ["; ".join(paper.author_names) for paper in papers]),
        (_("year"), [paper.year or "" for paper in papers]),
        (_("venue"), [paper.venue or "" for paper in papers]),
        (_("identifiers"), ["; ".join(map(str, paper.identifiers.all())) for paper in papers]),
    ]


def _known(paper):
    return paper.hub_summary.known if hasattr(paper, "hub_summary") else 0


# -- papers that may be one --------------------------------------------------------------------


class Verdicts(OpenFirst):
    parameter_name = "verdict"

    def lookups(self, request, model_admin):
        return [*PossibleDuplicate.Verdict.choices, ("all", _("all"))]

    def queryset(self, request, queryset):
        if self.value() in PossibleDuplicate.Verdict.values:
            return queryset.filter(verdict=self.value())
        return queryset if self.value() == "all" else duplicates.waiting(queryset)


class PairList(ChangeList):
    """The list with the papers that each pair means today: four queries for a page of it."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        ids = {key for row in self.result_list for key in (row.now_paper, row.now_other)}
        papers = Paper.objects.for_list().select_related("hub_summary").in_bulk(ids)
        for row in self.result_list:
            row.two = [papers.get(key) for key in (row.now_paper, row.now_other)]


@admin.register(PossibleDuplicate)
class PossibleDuplicateAdmin(FindsPapers, ReadOnly, admin.ModelAdmin):
    """Pairs of papers that may be one, the likeliest first; an open one leads to the two side by side."""

    paper_paths = ("paper", "other")
    text_paths = ("reason",)
    list_display = ["score", "one", "other_one", "reason", "found_at", "verdict", "settled_by"]
    list_display_links = ["score", "one", "other_one"]
    list_select_related = ["settled_by"]
    list_filter = [Verdicts]
    list_per_page = 50
    ordering = ["-score", "id"]
    show_full_result_count = False
    fields = ["score", "reason", "found_at", "verdict", "settled_at", "settled_by"]

    def get_queryset(self, request):
        return duplicates.with_ids_of_today(super().get_queryset(request))

    def get_changelist(self, request, **kwargs):
        return PairList

    @admin.display(description=gettext_lazy("a paper"))
    def one(self, pair):
        return _in_short(pair.two[0])

    @admin.display(description=gettext_lazy("the other"))
    def other_one(self, pair):
        return _in_short(pair.two[1])

    def change_view(self, request, object_id, form_url="", extra_context=None):
        pair = self.get_object(request, unquote(object_id))
        if pair is not None and self.has_view_permission(request, pair):
            if pair.now_paper != pair.now_other:
                two = reverse("admin:citations_merge_two", args=[pair.now_paper, pair.now_other])
                return HttpResponseRedirect(two)
        return super().change_view(request, object_id, form_url, extra_context)


def _in_short(paper):
    """What tells a paper from its likes, on one line."""
    if paper is None:
        return "–"
    names = paper.author_names
    known = _("cited by %(count)d") % {"count": _known(paper)}
    said = [names[0] if names else "", paper.year or "", known, *map(str, paper.identifiers.all())]
    return f"{paper.pk}: {paper} ({', '.join(str(part) for part in said if part)})"


# -- pairs and sentences -----------------------------------------------------------------------


class TreatmentForm(forms.Form):
    claim = forms.ModelChoiceField(label=gettext_lazy("Claim"), queryset=Claim.objects.none())
    # Nothing is chosen at first: a word that is only left standing would be nobody's judgement.
    treatment = forms.ChoiceField(
        label=gettext_lazy("The citing paper"), choices=[("", "---------"), *ClaimTreatment.Treatment.choices]
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False)

    def __init__(self, *args, citation, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["claim"].queryset = Claim.objects.filter(
            paper_id=citation.cited_paper_id, withdrawn_at=None
        )


class PinForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)


@admin.register(Citation)
class CitationAdmin(FindsPapers, Desk, admin.ModelAdmin):
    """A pair with its sentences; labels of the whole pair, claims and the pin are set here."""

    paper_paths = ("citing_paper", "cited_paper")
    list_display = ["citing_paper", "cited_paper", "citing_year", "role", "polarity", "label_source"]
    list_display_links = ["citing_paper", "cited_paper"]
    list_select_related = ["citing_paper", "cited_paper"]
    list_filter = ["is_read", "role", "polarity", "label_source", "match_status", WITHDRAWN]
    list_per_page = 50
    ordering = ["-id"]
    show_full_result_count = False
    change_form_template = "admin/citations/citation/change_form.html"
    acts = {
        "label": "citations.add_assertion",
        "treat": "citations.add_claimtreatment",
        "pin": "citations.add_representativepin",
        "unpin": "citations.change_representativepin",
    }

    def show(self, request, citation):
        contexts = citation.contexts.select_related("passage").order_by(
            F("withdrawn_at").asc(nulls_first=True), F("passage__position").asc(nulls_last=True), "id"
        )
        log = Assertion.objects.select_related("curator", "record").order_by("created_at", "id")
        return {
            "contexts": [marked(row) for row in contexts.prefetch_related(Prefetch("assertions", log))],
            "pair_assertions": log.filter(citation=citation),
            "provenances": citation.provenances.select_related("record"),
            "treatments": citation.claim_treatments.select_related("claim", "curator"),
            "pin": RepresentativePin.objects.filter(citation=citation).select_related("curator").first(),
            "label_form": LabelForm(),
            "treatment_form": TreatmentForm(citation=citation),
            "pin_form": PinForm(),
        }

    def act_label(self, request, citation):
        curation.label_pair(citation=citation, curator=request.user, **entered(LabelForm(request.POST)))
        messages.success(request, _("The pair is labelled."))

    def act_treat(self, request, citation):
        said = entered(TreatmentForm(request.POST, citation=citation))
        curation.treat_claim(citation=citation, curator=request.user, **said)
        messages.success(request, _("The claims ledger has it."))

    def act_pin(self, request, citation):
        curation.pin_representative(citation=citation, curator=request.user, **entered(PinForm(request.POST)))
        messages.success(request, _("It stands among the representative citing papers."))

    def act_unpin(self, request, citation):
        curation.unpin_representative(citation=citation, curator=request.user)
        messages.success(request, _("The pin is off."))


def marked(context):
    """The row with its passage's text in three parts: before, at and after the citation."""
    text, start, end = context.passage.text, context.start, context.end
    if start is None:
        start = end = len(text)
    context.parts = (text[:start], text[start:end], text[end:])
    return context


class FastLabelForm(forms.Form):
    """A role, which must be chosen, a polarity and a note."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one; “unclear” is one.")},
    )
    polarity = forms.ChoiceField(
        label=gettext_lazy("Polarity"), required=False, choices=Polarity.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=1000)


class LabellingScreen:
    """Labelling one sentence after the other. What the machine said is told after saving, never before.

    The session keeps, for each hub, what is on the screen and what an undoing pushed off it, so
    that a reload draws nothing new; what was skipped; and what was saved, for undoing.
    """

    session_key = "labelling"
    most_kept = 200
    undoable = 20
    scopes_kept = 10

    def __init__(self, site):
        self.site = site
        self.__name__ = "labelling"

    def __call__(self, request):
        if not request.user.has_perm("citations.add_assertion"):
            raise PermissionDenied
        hub = self._hub(request)
        kept = {"screen": {}, "skipped": [], "saved": [], **request.session.get(self.session_key, {})}
        form = FastLabelForm()
        if request.method == "POST":
            form = FastLabelForm(request.POST)
            done = self._act(request, form, kept, str(hub.pk) if hub else "")
            request.session[self.session_key] = kept
            if done:
                return HttpResponseRedirect(request.get_full_path())
        context = self._show(request, hub, kept) | {"form": form}
        request.session[self.session_key] = kept
        template = "admin/citations/citationcontext/labelling.html"
        return TemplateResponse(request, template, self.site.each_context(request) | context)

    def _hub(self, request):
        asked = request.GET.get("hub", "")
        if not asked:
            return None
        return get_object_or_404(Paper, pk=int(asked) if asked.isdecimal() and len(asked) < 19 else 0)

    def _act(self, request, form, kept, scope):
        """Do what was asked; whether the page is done with it, or shows the form with what is wrong."""
        act = request.POST.get("act", "")
        if act not in ("save", "skip", "undo", "learn"):
            raise Http404(f"no such act: {act}")
        try:
            if act == "save" and not form.is_valid():
                return False
            getattr(self, f"_{act}")(request, form, kept, scope)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return True

    def _save(self, request, form, kept, scope):
        sealed = request.POST.get("sealed", "")
        saved = labelling.save(sealed=sealed, curator=request.user, **form.cleaned_data)
        kept["saved"] = [*kept["saved"], [row.pk for row in saved.assertions]][-self.undoable :]
        kept["screen"].get(scope, [])[-1:] = []
        messages.success(request, _told(saved))

    def _skip(self, request, form, kept, scope):
        skipped = labelling.unseal(request.POST.get("sealed", ""), request.user, seconds=None)
        kept["skipped"] = [*kept["skipped"], skipped.context.pk][-self.most_kept :]
        kept["screen"].get(scope, [])[-1:] = []
        messages.info(request, _("Skipped. It will not come again before you log in anew."))

    def _undo(self, request, form, kept, scope):
        if not kept["saved"]:
            raise Refused(_("There is nothing to take back."))
        again = labelling.undo(assertion_ids=kept["saved"].pop(), curator=request.user)
        kept["screen"].setdefault(scope, []).append(labelling.seal(again, request.user))
        messages.success(request, _("Taken back. Here is the sentence again."))

    def _learn(self, request, form, kept, scope):
        labelling.learn()

    def _show(self, request, hub, kept):
        scope = str(hub.pk) if hub else ""
        waiting = kept["screen"].pop(scope, [])
        drawn = None
        while waiting and drawn is None:
            try:
                drawn = labelling.unseal(waiting.pop(), request.user, seconds=None)
            except Refused:  # taken down, or labelled elsewhere
                continue
        if drawn is None:
            drawn = labelling.draw(hub=hub, curator=request.user, skipped=kept["skipped"])
        sealed = labelling.seal(drawn, request.user) if drawn else ""
        if sealed:
            kept["screen"][scope] = [*waiting, sealed][-self.undoable :]
        kept["screen"] = dict(list(kept["screen"].items())[-self.scopes_kept :])
        roles = [(str(n), role, ROLE_DESCRIPTIONS[role]) for n, role in enumerate(Role, 1)]
        polarities = [(word[0], word, POLARITY_DESCRIPTIONS[word]) for word in Polarity]
        return {
            "opts": CitationContext._meta,
            "title": _("Label sentences"),
            "hub": hub,
            "context": drawn and marked(drawn.context),
            "by_hand": CitationContext.objects.without_role(hub.pk).first() if hub and not drawn else None,
            "sealed": sealed,
            "undoable": bool(kept["saved"]),
            "progress": labelling.progress(curator=request.user, hub=hub),
            "learnt": labelling.learnt(),
            "roles": roles,
            "polarities": polarities,
            "vocabulary": [roles, polarities],
        }


def _told(saved):
    """What is said after saving: the label, how the sentence was drawn, and what the machine had said."""
    reading, role = saved.reading, Role(saved.role.value)
    likeliest = Role(reading.likeliest).label
    if not reading.role:
        machine = _("The machine could not tell (likeliest: %(role)s).") % {"role": likeliest}
    elif reading.role == role:
        machine = _("The machine had said the same.")
    else:
        machine = _("The machine had said %(role)s.") % {"role": Role(reading.role).label}
    if saved.draw.drawn == Assertion.Drawn.RANDOM:
        drawn = _("It was drawn at random.")
    else:
        drawn = _("It was chosen.")
    words = [
        role.label,
        *(Polarity(row.value).label for row in saved.assertions if row.dimension == Dimension.POLARITY),
    ]
    said = _("Saved: %(label)s · %(today)d today.") % {
        "label": ", ".join(map(str, words)),
        "today": saved.today,
    }
    return f"{said} {drawn} {machine}"


@admin.register(CitationContext)
class ContextAdmin(FindsPapers, Desk, admin.ModelAdmin):
    """The relabel screen: a sentence, all that was ever said of it, and the form for a word of one's own."""

    paper_paths = ("citation__citing_paper", "citation__cited_paper")
    text_paths = ("passage__text",)
    list_display = ["sentence", "cited_paper", "role", "role_source", "polarity", "polarity_source"]
    list_select_related = ["passage", "citation__cited_paper"]
    list_filter = [
        Labelled,
        "role",
        "role_source",
        "polarity",
        ("passage__section_kind", SectionKinds),
        WITHDRAWN,
    ]
    list_per_page = 50
    ordering = ["-id"]
    show_full_result_count = False
    change_form_template = "admin/citations/citationcontext/change_form.html"
    change_list_template = "admin/citations/citationcontext/change_list.html"
    acts = {"label": "citations.add_assertion", "withdraw": "citations.add_assertion"}

    @admin.display(description=gettext_lazy("sentence"))
    def sentence(self, context):
        return (
            _("text withheld")
            if context.passage.suppressed_at
            else Truncator(context.passage.text).chars(160)
        )

    @admin.display(description=gettext_lazy("cited paper"))
    def cited_paper(self, context):
        return context.citation.cited_paper

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("passage", "citation__citing_paper", "citation__cited_paper")
        )

    def get_urls(self):
        fast = path(
            "labelling/",
            self.admin_site.admin_view(LabellingScreen(self.admin_site)),
            name="citations_citationcontext_labelling",
        )
        return [fast, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = {"label": request.user.has_perm("citations.add_assertion")}
        return super().changelist_view(request, {"may": may, **(extra_context or {})})

    def show(self, request, context):
        others = context.passage.contexts.current().exclude(pk=context.pk)
        return {
            "context": marked(context),
            "others": others.select_related("citation__cited_paper"),
            "assertions": context.assertions.select_related("curator", "record"),
            "label_form": LabelForm(),
            "next_context": self.next_unlabelled(context),
        }

    def next_unlabelled(self, context):
        """The next sentence about the same cited paper without a role, from here and around; or None."""
        waiting = CitationContext.objects.without_role(context.citation.cited_paper_id).exclude(pk=context.pk)
        return waiting.filter(pk__gt=context.pk).first() or waiting.first()

    def act_label(self, request, context):
        curation.relabel_context(context=context, curator=request.user, **entered(LabelForm(request.POST)))
        messages.success(request, _("Labelled; the hub shows it."))
        following = self.next_unlabelled(context) if "_next" in request.POST else None
        if following is not None:
            return HttpResponseRedirect(
                reverse("admin:citations_citationcontext_change", args=[following.pk])
            )
        return None

    def act_withdraw(self, request, context):
        label = get_object_or_404(context.assertions, pk=request.POST.get("assertion") or 0)
        curation.withdraw_label(assertion=label, curator=request.user)
        messages.success(request, _("The label is taken back; the hub shows it."))


@admin.register(Assertion)
class AssertionAdmin(ReadOnly, admin.ModelAdmin):
    """The log of labels."""

    list_display = [
        "__str__",
        "scheme",
        "original_value",
        "confidence",
        "curator",
        "created_at",
        "withdrawn_at",
    ]
    list_select_related = ["curator"]
    list_filter = [
        "source",
        "dimension",
        ("value", LabelWords),
        LowConfidence,
        WITHDRAWN,
    ]
    search_fields = ["original_value", "note", "curator__username"]
    list_per_page = 50
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["withdraw"]

    @admin.action(description=gettext_lazy("Take back curators' labels"), permissions=["label"])
    @for_each(ngettext_lazy("%(count)d label taken back.", "%(count)d labels taken back.", "count"))
    def withdraw(self, request, assertion):
        curation.withdraw_label(assertion=assertion, curator=request.user)

    def has_label_permission(self, request):
        return request.user.has_perm("citations.add_assertion")


class ReasonForm(ActionForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=300)


@admin.register(Passage)
class PassageAdmin(FindsPapers, ReadOnly, admin.ModelAdmin):
    """Take-downs: the reason is entered beside the list of actions."""

    paper_paths = ("citing_paper",)
    text_paths = ("text",)
    list_display = ["__str__", "citing_paper", "section", "suppressed_at", "suppressed_reason"]
    list_select_related = ["citing_paper"]
    list_filter = [("suppressed_at", Done), ("section_kind", SectionKinds), ("language", Values)]
    list_per_page = 50
    ordering = ["-id"]
    show_full_result_count = False
    action_form = ReasonForm
    actions = ["suppress", "restore"]

    @admin.action(description=gettext_lazy("Take the text off every page"), permissions=["suppress"])
    @for_each(ngettext_lazy("%(count)d text taken down.", "%(count)d texts taken down.", "count"))
    def suppress(self, request, passage):
        curation.suppress_passage(
            passage=passage, curator=request.user, reason=request.POST.get("reason", "")
        )

    @admin.action(description=gettext_lazy("Show the text again"), permissions=["suppress"])
    @for_each(ngettext_lazy("%(count)d text shown again.", "%(count)d texts shown again.", "count"))
    def restore(self, request, passage):
        curation.restore_passage(passage=passage, curator=request.user)

    def has_suppress_permission(self, request):
        return request.user.has_perm("citations.change_passage")


# -- claims and pins ---------------------------------------------------------------------------


class NeverDeleted:
    """A row that is taken back by an act, which its history keeps, and not by the stock button."""

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Claim)
class ClaimAdmin(NeverDeleted, TellsRefusals, FindsPapers, RecordedAdmin):
    paper_paths = ("paper",)
    text_paths = ("text",)
    list_display = ["text", "paper", "origin", "withdrawn_at"]
    list_select_related = ["paper"]
    list_filter = ["origin", WITHDRAWN]
    fields = ["paper", "text", "quote", "section", "origin", "withdrawn_at"]
    autocomplete_fields = ["paper"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["withdraw", "restore"]

    def get_readonly_fields(self, request, obj=None):
        return ["origin", "withdrawn_at", *(["paper"] if obj else [])]

    def save_model(self, request, obj, form, change):
        said = {"text": obj.text, "quote": obj.quote, "section": obj.section}
        if change:
            curation.edit_claim(claim=obj, curator=request.user, **said)
        else:
            obj.pk = curation.add_claim(paper=obj.paper, curator=request.user, **said).pk

    @admin.action(description=gettext_lazy("Withdraw from the ledger"), permissions=["change"])
    @for_each(ngettext_lazy("%(count)d claim withdrawn.", "%(count)d claims withdrawn.", "count"))
    def withdraw(self, request, claim):
        curation.withdraw_claim(claim=claim, curator=request.user)

    @admin.action(description=gettext_lazy("Put back into the ledger"), permissions=["change"])
    @for_each(ngettext_lazy("%(count)d claim put back.", "%(count)d claims put back.", "count"))
    def restore(self, request, claim):
        curation.restore_claim(claim=claim, curator=request.user)


class EnteredOnThePair(NeverDeleted):
    """What says something of a pair is entered on the pair's page, beside its sentences."""

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(ClaimTreatment)
class ClaimTreatmentAdmin(EnteredOnThePair, TellsRefusals, FindsPapers, RecordedAdmin):
    paper_paths = ("claim__paper", "citation__citing_paper")
    text_paths = ("claim__text",)
    list_display = ["claim", "citing_paper", "treatment", "curator", "created_at"]
    list_select_related = ["claim", "citation__citing_paper", "curator"]
    list_filter = ["treatment"]
    fields = ["claim", "citation", "treatment", "note", "curator"]
    readonly_fields = ["claim", "citation", "curator"]
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["take_back"]

    @admin.display(description=gettext_lazy("citing paper"))
    def citing_paper(self, treatment):
        return treatment.citation.citing_paper

    def save_model(self, request, obj, form, change):
        curation.treat_claim(
            claim=obj.claim,
            citation=obj.citation,
            treatment=obj.treatment,
            note=obj.note,
            curator=request.user,
        )

    @admin.action(description=gettext_lazy("Take back"), permissions=["change"])
    @for_each(ngettext_lazy("%(count)d taken back.", "%(count)d taken back.", "count"))
    def take_back(self, request, treatment):
        curation.untreat_claim(treatment=treatment, curator=request.user)


@admin.register(RepresentativePin)
class RepresentativePinAdmin(EnteredOnThePair, TellsRefusals, FindsPapers, RecordedAdmin):
    paper_paths = ("citation__citing_paper", "citation__cited_paper")
    list_display = ["citing_paper", "cited_paper", "note", "curator", "created_at"]
    list_select_related = ["citation__citing_paper", "citation__cited_paper", "curator"]
    fields = ["citation", "note", "curator"]
    readonly_fields = ["citation", "curator"]
    ordering = ["-id"]
    actions = ["unpin"]

    @admin.display(description=gettext_lazy("citing paper"))
    def citing_paper(self, pin):
        return pin.citation.citing_paper

    @admin.display(description=gettext_lazy("cited paper"))
    def cited_paper(self, pin):
        return pin.citation.cited_paper

    def save_model(self, request, obj, form, change):
        curation.pin_representative(citation=obj.citation, curator=request.user, note=obj.note)

    @admin.action(description=gettext_lazy("Take the pin off"), permissions=["change"])
    @for_each(ngettext_lazy("%(count)d pin taken off.", "%(count)d pins taken off.", "count"))
    def unpin(self, request, pin):
        curation.unpin_representative(citation=pin.citation, curator=request.user)


# -- unmatched references ----------------------------------------------------------------------


class ResolveForm(forms.Form):
    """One of the candidates, or another paper found by its title or identifier."""

    candidate = forms.ModelChoiceField(
        label=gettext_lazy("Candidate"),
        queryset=Paper.objects.none(),
        required=False,
        widget=forms.RadioSelect,
    )
    other = forms.ModelChoiceField(
        label=gettext_lazy("Another paper"),
        queryset=Paper.objects.all(),
        required=False,
        widget=AutocompleteSelect(UnmatchedReference._meta.get_field("citing_paper"), admin.site),
    )

    def __init__(self, *args, candidates, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["candidate"].queryset = Paper.objects.filter(pk__in=[paper.pk for paper in candidates])
        self.fields["candidate"].choices = _numbered(candidates)

    def clean(self):
        cleaned = super().clean()
        cleaned["paper"] = cleaned.get("other") or cleaned.get("candidate")
        if cleaned["paper"] is None:
            raise forms.ValidationError(_("Choose a paper."))
        return cleaned


def _beside(unmatched, candidates):
    """``_described`` of the candidates, with what the reference says before it."""
    said = unmatched.payload
    own = [
        unmatched.title,
        "; ".join(author["name"] for author in said.get("authors", ())),
        unmatched.year or "",
        said.get("venue", ""),
        "; ".join(identifiers.display(*pair) for pair in said.get("identifiers", {}).items()),
    ]
    lines = zip(own, _described(candidates), strict=True)
    return [(what, [given, *values]) for given, (what, values) in lines]


class Settled(OpenFirst):
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("resolved", _("resolved")), ("none", _("none of this library")), ("all", _("all"))]

    def queryset(self, request, queryset):
        if self.value() == "resolved":
            return queryset.filter(resolved_at__isnull=False, citation__isnull=False)
        if self.value() == "none":
            return queryset.filter(resolved_at__isnull=False, citation=None)
        return queryset if self.value() == "all" else queryset.waiting()


@admin.register(UnmatchedReference)
class UnmatchedReferenceAdmin(FindsPapers, Desk, admin.ModelAdmin):
    """The queue, most wanted titles first; a reference beside the papers it might mean."""

    paper_paths = ("citing_paper",)
    text_paths = ("title", "raw")
    list_display = ["__str__", "year", "wanted", "citing_paper", "match_status", "source"]
    list_select_related = ["citing_paper"]
    list_filter = [Settled, "match_status", "source"]
    list_per_page = 50
    show_full_result_count = False
    change_form_template = "admin/citations/unmatchedreference/change_form.html"
    acts = {
        "resolve": "citations.change_unmatchedreference",
        "dismiss": "citations.change_unmatchedreference",
        "reopen": "citations.change_unmatchedreference",
    }

    def get_queryset(self, request):
        waiting = UnmatchedReference.objects.waiting().exclude(pk=OuterRef("pk"))
        alike = waiting.filter(title_folded=OuterRef("title_folded"))
        times = alike.exclude(title_folded="").order_by().values("title_folded").annotate(n=Count("pk"))
        rows = super().get_queryset(request).annotate(wanted=Coalesce(Subquery(times.values("n")), 0))
        return rows.order_by("-wanted", "title_folded", "id")

    @admin.display(description=gettext_lazy("open references like it"), ordering="wanted")
    def wanted(self, unmatched):
        return unmatched.wanted

    def show(self, request, unmatched):
        candidates = curation.candidates_of(unmatched)
        form = ResolveForm(candidates=candidates)
        return {
            "candidates": candidates,
            "resolve_form": form,
            "resolve_media": form.media,
            "sentences": [context["text"] for context in unmatched.payload.get("contexts", ())],
            "lines": _beside(unmatched, candidates),
        }

    def act_resolve(self, request, unmatched):
        form = ResolveForm(request.POST, candidates=curation.candidates_of(unmatched))
        citation = curation.resolve_reference(
            unmatched=unmatched, paper=entered(form)["paper"], curator=request.user
        )
        messages.success(request, _("Resolved: %(citation)s.") % {"citation": citation})

    def act_dismiss(self, request, unmatched):
        curation.dismiss_reference(unmatched=unmatched, curator=request.user)
        messages.success(request, _("It means none of the papers here."))

    def act_reopen(self, request, unmatched):
        curation.unresolve_reference(unmatched=unmatched, curator=request.user)
        messages.success(request, _("It is back in the queue."))


# -- to look at --------------------------------------------------------------------------------


@admin.register(HubSummary)
class HubSummaryAdmin(FindsPapers, ReadOnly, admin.ModelAdmin):
    paper_paths = ("paper",)
    list_display = ["paper", "known", "read", "labelled", "status", "headline", "computed_at"]
    list_select_related = ["paper"]
    list_filter = ["tier", "status", "provisional"]
    ordering = ["-known", "paper"]
    show_full_result_count = False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "state", "files", "started_at", "finished_at"]
    list_filter = ["state"]
    fields = ["state", "files", "options", "started_at", "finished_at", "position", "counts", "problems"]

    @admin.display(description=pgettext_lazy("column", "files"))
    def files(self, run):
        return ", ".join(run.paths)
