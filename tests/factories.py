"""Rows for tests: explicit factories, each keyword a column or said otherwise in the docstring.

A row comes with what its invariants demand (a citation with the source that lists it, a
context with its passage), so that ``check_library`` is content after ``refresh()``.
Nothing is derived by itself: call ``refresh()`` once the rows stand.
"""

import itertools

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from citations import labels
from citations.assertions import by_machine
from citations.classifier.predictions import Prediction
from citations.labels import Dimension, LabelSource, Polarity, Role
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationProvenance,
    Claim,
    ClaimTreatment,
    ContextProvenance,
    Passage,
    RepresentativePin,
    UnmatchedReference,
)
from citations.rollups import refresh_everything
from papers import text
from papers.ingest import FROM_REFERENCE, refold
from papers.matching import MatchStatus
from papers.models import (
    Author,
    Authorship,
    Field,
    Paper,
    PaperIdentifier,
    SourceRecord,
    Venue,
)
from papers.sections import section_kind as kind_of_section

_numbers = itertools.count(1)
SPECIMENS = (
    "Maps of the northern marshes",
    "A ledger of tides and moorings",
    "On the weight of winter grain",
    "Counting lanterns by ear",
    "The patience of slow rivers",
)
SPOKEN_FIELDS = (
    "title",
    "year",
    "date",
    "venue",
    "kind",
    "language",
    "abstract",
    "license",
    "retracted",
    "authors",
    "fields",
)


def make_author(name, *, key=""):
    """A person; linked by name alone unless ``key`` says otherwise (``orcid:…``, ``s2:…``)."""
    folded = text.fold_name(name)
    author, _new = Author.objects.get_or_create(
        key=key or f"name:{folded}", defaults={"name": name, "name_folded": folded}
    )
    return author


def make_paper(title=None, *, authors=(), identifiers=None, venue="", fields=(), source="native", **columns):
    """A described paper (``is_stub=True`` for one known from references only).

    ``authors``: names or Authors, in order; a name stays unlinked. ``identifiers``: a dict of
    scheme and value, in normal form. ``venue`` and ``fields``: names. ``source``: whose word
    the fields are.
    """
    if title is None:
        number = next(_numbers)
        title = f"{SPECIMENS[number % len(SPECIMENS)]}, part {number}"
    if columns.get("is_stub"):
        source = FROM_REFERENCE
    columns.setdefault("year", 2015)
    if venue:
        columns["venue"], _new = Venue.objects.get_or_create(
            name_folded=text.fold(venue), defaults={"name": venue}
        )
    said = {"title": title, **columns, "authors": list(authors), "fields": list(fields)}
    held = {name: source for name in SPOKEN_FIELDS if said.get(name) not in (None, "", [])}
    if columns.get("summary"):
        columns.setdefault("summary_origin", Paper.SummaryOrigin.RECORD)
        held["summary"] = source
    columns.setdefault("field_sources", held)
    paper = Paper.objects.create(title=title, **columns)
    for position, author in enumerate(authors):
        person = author if isinstance(author, Author) else None
        name = person.name if person else author
        family, initial = text.family_and_initial(name)
        reason = ""
        if person:
            scheme = person.key.partition(":")[0]
            reasons = {"orcid": Authorship.LinkReason.ORCID, "name": Authorship.LinkReason.NAME}
            reason = reasons.get(scheme, Authorship.LinkReason.IDENTIFIER)
        Authorship.objects.create(
            paper=paper,
            position=position,
            name=name,
            family=family,
            initial=initial,
            author=person,
            link_reason=reason,
        )
    for scheme, value in (identifiers or {}).items():
        PaperIdentifier.objects.create(paper=paper, scheme=scheme, value=value)
    paper.fields.set([Field.objects.get_or_create(name=name)[0] for name in fields])
    refold(paper)
    paper.save()
    return paper


def make_source_record(paper, *, source="native", key=None, payload=None, run=1):
    """What ``source`` said of ``paper``: the one record with this key, made on first use."""
    now = timezone.now()
    record, _new = SourceRecord.objects.get_or_create(
        source=source,
        source_key=key or f"paper:{paper.pk}",
        defaults={
            "paper": paper,
            "digest": f"{next(_numbers):032x}",
            "locator": "sample.jsonl:1",
            "payload": payload if payload is not None else {"title": paper.title},
            "run": run,
            "first_read_at": now,
            "last_read_at": now,
        },
    )
    return record


def make_citation(citing_paper=None, cited_paper=None, *, source="native", raw="", **columns):
    """A pair and the source that lists it. New papers for those not given."""
    citing_paper = citing_paper or make_paper()
    cited_paper = cited_paper or make_paper()
    columns = {"match_status": MatchStatus.EXACT, "match_reason": "same doi", **columns}
    citation, _new = Citation.objects.get_or_create(
        citing_paper=citing_paper, cited_paper=cited_paper, defaults=columns
    )
    CitationProvenance.objects.get_or_create(
        citation=citation,
        source=source,
        defaults={"record": make_source_record(citing_paper, source=source), "raw": raw},
    )
    return citation


def make_passage(citing_paper, sentence=None, *, section="", **columns):
    """A stretch of ``citing_paper``, or the one that has these letters already."""
    sentence = sentence or f"Sentence number {next(_numbers)} leans on an earlier study."
    columns.setdefault("section_kind", kind_of_section(section))
    passage, _new = Passage.objects.get_or_create(
        citing_paper=citing_paper,
        fingerprint=text.fingerprint(sentence),
        defaults={"text": sentence, "section": section, **columns},
    )
    return passage


def make_context(citation=None, sentence=None, *, passage=None, section="", source="native", **columns):
    """A citing sentence of ``citation`` and the source that holds it; its passage on the way."""
    citation = citation or make_citation(source=source)
    passage = passage or make_passage(citation.citing_paper, sentence, section=section)
    context, _new = CitationContext.objects.get_or_create(
        passage=passage, citation=citation, defaults=columns
    )
    ContextProvenance.objects.get_or_create(
        context=context,
        source=source,
        defaults={"record": make_source_record(citation.citing_paper, source=source)},
    )
    return context


def make_assertion(context=None, *, value="method", citation=None, source=LabelSource.DATASET, **columns):
    """A label of a context or a whole pair: one of our words (``unclear`` means the role), or ``value=""``.

    ``dimension``, ``scheme`` and ``original_value`` can be given; an empty value is unmapped.
    """
    if context is None and citation is None:
        context = make_context()
    if not value:
        columns.setdefault("dimension", Dimension.UNMAPPED)
    elif value in Role.values:
        columns.setdefault("dimension", Dimension.ROLE)
    elif value in Polarity.values:
        columns.setdefault("dimension", Dimension.POLARITY)
    columns.setdefault("scheme", labels.OWN_SCHEME)
    columns.setdefault("original_value", value or "puzzling")
    columns.setdefault("created_at", timezone.now())
    return Assertion.objects.create(context=context, citation=citation, value=value, source=source, **columns)


def make_claim(paper=None, claim_text=None, *, origin=Claim.Origin.RECORD, **columns):
    claim_text = claim_text or f"Claim number {next(_numbers)} holds in every season."
    return Claim.objects.create(paper=paper or make_paper(), text=claim_text, origin=origin, **columns)


def make_treatment(claim, citation, *, treatment="supports", **columns):
    return ClaimTreatment.objects.create(claim=claim, citation=citation, treatment=treatment, **columns)


def make_pin(citation, **columns):
    return RepresentativePin.objects.create(citation=citation, **columns)


def make_reading(
    context,
    *,
    role="",
    likeliest="background",
    version="cues-1",
    probabilities=None,
    polarity="",
    polarity_probability=None,
):
    """A machine's reading of a context, with the assertions that a real one leaves. No ``role``: untold."""
    likeliest = role or likeliest
    probabilities = probabilities or {
        likeliest: 0.7,
        "method" if likeliest != "method" else "background": 0.3,
    }
    said = Prediction(
        role=role,
        likeliest=likeliest,
        confidence=probabilities[likeliest],
        probabilities=probabilities,
        polarity=polarity,
        polarity_probability=polarity_probability or (0.6 if polarity else 0.0),
        why_abstained="" if role else "not sure enough",
    )
    by_machine({context: said}, version=version, now=timezone.now())
    return context.machine_reading


def make_unmatched(
    citing_paper=None, title="A title that several works share", *, contexts=(), source="native", **columns
):
    """A reference in the queue. ``contexts``: sentences, or dicts as a ContextRecord has them."""
    citing_paper = citing_paper or make_paper()
    year = columns.pop("year", None)
    raw = columns.pop("raw", f"{title}.")
    payload = {"title": title, "year": year, "raw": raw}
    payload["contexts"] = [item if isinstance(item, dict) else {"text": item} for item in contexts]
    payload |= columns.pop("payload", {})
    columns = {"match_status": MatchStatus.AMBIGUOUS, "match_reason": "2 papers have this title", **columns}
    return UnmatchedReference.objects.create(
        citing_paper=citing_paper,
        record=make_source_record(citing_paper, source=source),
        source=source,
        fingerprint=text.fingerprint(f"{title} {raw} {year or ''}"),
        raw=raw,
        title=title,
        title_folded=text.fold(title),
        year=year,
        payload=payload,
        **columns,
    )


def make_hub(
    cited_paper=None, *, roles=None, polarities=None, unlabelled=0, unread=0, source=LabelSource.DATASET
):
    """A cited paper with citing papers, refreshed: ``roles`` and ``polarities`` are {word: how many}.

    Each word has citing papers of its own; ``unlabelled`` more have a sentence only, ``unread`` none.
    """
    cited_paper = cited_paper or make_paper()
    for dimension, words in ((Dimension.ROLE, roles), (Dimension.POLARITY, polarities)):
        for value, papers in (words or {}).items():
            for _each in range(papers):
                context = make_context(make_citation(cited_paper=cited_paper))
                make_assertion(context, value=value, dimension=dimension, source=source)
    for _each in range(unlabelled):
        make_context(make_citation(cited_paper=cited_paper))
    for _each in range(unread):
        make_citation(cited_paper=cited_paper)
    refresh()
    return cited_paper


def refresh():
    """Derive everything that the rows made so far give."""
    refresh_everything()


def make_staff(username="clerk", **columns):
    """May log in to the admin and has no rights there."""
    return get_user_model().objects.create_user(username, password="at-the-desk", is_staff=True, **columns)


def make_curator(username="curator", **columns):
    """A member of the group Curators; not a superuser."""
    user = make_staff(username, **columns)
    user.groups.add(Group.objects.get(name="Curators"))
    return user
