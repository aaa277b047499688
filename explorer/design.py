"""``/about/design/``: every component in every state, of made-up rows that no database holds.

Shown with DEBUG alone, to whoever changes the look: open it in light and dark, at 320 px and on paper.
"""

from types import SimpleNamespace

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from citations import headline, labels
from citations.labels import LabelSource, Polarity, Role
from citations.models import HubSummary
from explorer import charts, facets
from explorer.components import icon
from explorer.facets import FacetValue
from explorer.hub import STANDING, CoCitedLine, Hub, Line
from papers.models import Paper, Venue

HERE = "/about/design/"
LONG = (
    "Reed beds were counted from the dyke at dawn. Each count was repeated after a week, by another "
    "observer, and the two were compared before either was used. Where they differed by more than a tenth"
    " we left the site out, as was done before (Marsh et al., 2019), and said so in the table. The loss "
    "was small in every year but one. In that year the dyke was under water until May, and what could be "
    "counted stood on the higher ground. We give the results with and without it, and nothing that we say"
    " below rests on that year alone."
)


def paper(number=1, names=("A. Marsh", "B. Reed"), **values):
    """A Paper that is in no database, with its authors at hand."""
    held = {"title": "Counting reed beds from the dyke", "year": 2019, "venue": Venue(name="Marsh Letters")}
    made = Paper(pk=number, **{**held, **values})
    made.signed = [(name, None) for name in names]
    made._prefetched_objects_cache = {"identifiers": []}
    return made


def papers():
    return [
        paper(),
        paper(2, title="A title that is in German", language="de", year=None, venue=None, names=()),
        paper(3, title="Many hands", names=[f"C. Author {number}" for number in range(1, 9)]),
        paper(4, title="A paper that was taken back", retracted=True),
        paper(5, title="Known from a reference", is_stub=True, is_fictional=True, names=("D. Pond",)),
    ]


def passage(text="We follow the count of Marsh et al. (2019) [4].", **values):
    held = {
        "text": text,
        "before": "",
        "after": "",
        "section": "",
        "section_kind": "methods",
        "language": "en",
        "suppressed_at": None,
        "suppressed_reason": "",
    }
    return SimpleNamespace(**{**held, **values})


def context(of=None, **values):
    """A citing sentence with its labels."""
    held = {
        "passage": of or passage(),
        "start": 23,
        "end": 42,
        "group_size": 1,
        "withdrawn_at": None,
        "role": Role.METHOD,
        "role_source": LabelSource.CURATOR,
        "polarity": "",
        "polarity_source": "",
    }
    return SimpleNamespace(**{**held, **values})


def contexts():
    start = LONG.index("(Marsh")
    return [
        context(passage(before="The dyke is four miles long.", after="It took two mornings.")),
        context(passage(LONG, section="2.1 Counts"), start=start, end=start + 20, group_size=3),
        context(passage(suppressed_at=timezone.now(), suppressed_reason="asked for by the publisher")),
        context(polarity=Polarity.DISPUTES, polarity_source=LabelSource.DATASET, withdrawn_at=timezone.now()),
    ]


def citation(number, held=(), **values):
    """A pair as lists show it."""
    pair = {
        "cited_paper_id": 1,
        "citing_paper_id": number,
        "citing_paper": paper(number, title=f"What came after, part {number}"),
        "current_contexts": list(held),
        "is_read": bool(held),
        "is_self_citation": False,
        "role": "",
        "role_source": "",
        "polarity": "",
        "polarity_source": "",
        "suggested_polarity": "",
        "suggestion_probability": None,
        "also_roles": [],
        "depth": None,
        "section_kinds": [],
    }
    return SimpleNamespace(**{**pair, **values})


def citations():
    one = [context()]
    curator, ours = LabelSource.CURATOR, LabelSource.CLASSIFIER
    return [
        citation(
            11,
            one * 5,
            role=Role.METHOD,
            role_source=curator,
            polarity=Polarity.SUPPORTS,
            polarity_source=curator,
            also_roles=[Role.BACKGROUND],
            depth=4,
            section_kinds=["methods", "results"],
            is_self_citation=True,
        ),
        citation(12, one, role=Role.BASELINE, role_source=ours, depth=2, section_kinds=["results"]),
        citation(
            13,
            one,
            role=Role.BACKGROUND,
            role_source=LabelSource.PROVIDER,
            suggested_polarity=Polarity.DISPUTES,
            suggestion_probability=0.74,
            depth=1,
        ),
        citation(14, one, role_source=ours, depth=1),
        citation(15, one, depth=1),
        citation(16),
    ]


def summaries():
    """(words, kind, lines): the shares of a summary in each of their states."""
    found = {"background": 30, "method": 16, "dataset": 1}
    for words, machine, known in (
        ("labelled by people", 0, 400),
        ("labelled by machines too", 12, 400),
        ("all are labelled", 0, sum(found.values())),
    ):
        counted = headline.shares(found, known=known, machine=machine, order=labels.ROLE_ORDER)
        lines = [Line(line.word, Role(line.word).label, line, HERE) for line in counted]
        yield words, "role", lines
    found = {"supports": 14, "disputes": 4, "neutral": 33, "qualifies": 8, "unclear": 1}
    counted = headline.shares(found, known=130, machine=0, order=labels.POLARITY_ORDER)
    lines = [Line(line.word, Polarity(line.word).label, line, HERE) for line in counted]
    yield "polarities", "polarity", lines


def hubs():
    """Hubs of each status, as lists and headers show them."""
    made = (
        {"known": 0},
        {"known": 4, "read": 1},
        {"known": 40},
        {"known": 40, "read": 3, "roles": {"method": 2}},
        {"known": 400, "read": 90, "roles": {"background": 62, "method": 8}, "curated": 70},
        {"known": 1400, "read": 90, "roles": {"method": 60, "background": 9}, "machine_roles": 50},
        {"known": 120, "read": 60, "polarities": {"disputes": 9, "supports": 20}, "roles": {"baseline": 12}},
    )
    for number, values in enumerate(made, 20):
        held = {"read": 0, "roles": {}, "polarities": {}, "curated": 0, "unsure": 0, "machine_roles": 0}
        one = paper(number)
        summary = HubSummary(paper=one, machine_polarities=0, **{**held, **values})
        summary.tier = headline.tier(summary.known) or ""
        one.hub_summary = summary
        yield Hub(one, HERE)


def facet_values():
    """(parameter, values): short, long enough to fold, with a choice and with nothing."""
    fields = [FacetValue(f"Field {number}", f"Field {number}", 40 - number, False) for number in range(12)]
    roles = [
        FacetValue(str(role), role.label, 20 - 4 * place, place == 1)
        for place, role in enumerate(list(Role)[:6])
    ]
    polarities = [FacetValue(str(word), word.label, 3, False) for word in Polarity]
    by_name = facets.BY_NAME
    return [(by_name["role"], roles), (by_name["polarity"], polarities), (by_name["field"], fields)]


def bars():
    """Bars by year: of few years, of many, and of none."""

    def made(key, counts):
        return charts.BarsByYear(
            key=key,
            title=key,
            counts=counts,
            words=[*((role, role.label) for role in labels.ROLE_ORDER), ("unread", "unread")],
            labels=frozenset(labels.ROLE_ORDER),
            base=charts.LABELLED,
            mark=icon,
            url=lambda word, **span: HERE,
        )

    few = {str(2015 + place): {"method": 3 * place, "background": 9, "unread": 30} for place in range(5)}
    many = {str(year): {str(role): year % 7 for role in list(Role)[:5]} for year in range(1950, 2026)}
    return [made("few-years", few), made("many-years", many), made("no-year", {"": {"unread": 3}})]


def co_cited():
    share = headline.Share("", 34, 130, None, None)
    rare = headline.Share("", 1, 1300, None, None)
    first = CoCitedLine(2, 34, 2, [], share, HERE, paper=paper(2), examples=[(paper(3), HERE)] * 3)
    return [first, CoCitedLine(4, 1, 0, [], rare, HERE, paper=paper(4, retracted=True))]


def assertions():
    """Labels of the log: each standing, and each source."""
    for place, (word, words) in enumerate(STANDING.items()):
        source = list(LabelSource)[place % 4]
        yield SimpleNamespace(
            value="" if word in ("unsure", "unmapped") else Role.METHOD,
            dimension="role",
            standing=(word, words),
            source=source,
            get_source_display=source.label,
            curator=None,
            record=None,
            model_version="cues-1" if source == LabelSource.CLASSIFIER else "",
            scheme="hub" if source == LabelSource.CURATOR else "scicite",
            original_value="method",
            confidence=0.8 if source == LabelSource.CLASSIFIER else None,
            drawn="",
            created_at=timezone.now(),
            withdrawn_at=timezone.now() if word == "withdrawn" else None,
            is_from_wording=source == LabelSource.CLASSIFIER,
            note="",
        )


def listing(page):
    """A list of 12 pages, for the links between them and those of its facets."""
    return SimpleNamespace(
        name=f"Pages, at {page}",
        pages=12,
        page=min(page, 12),
        asked_page=page,
        page_url=lambda number: f"#{number}",
        toggle_url=lambda name, value: HERE,
        only_url=lambda name, value: HERE,
    )


@require_safe
def page(request):
    context = {
        "roles": [str(role) for role in Role],
        "polarities": [str(polarity) for polarity in Polarity],
        "papers": papers(),
        "sentences": contexts(),
        "citations": citations(),
        "summaries": list(summaries()),
        "hubs": list(hubs()),
        "facets": facet_values(),
        "pictures": bars(),
        "co_cited": co_cited(),
        "assertions": list(assertions()),
        "listing": listing(1),
        "listings": [listing(1), listing(6), listing(99)],
        "chips": [("Role", "method", HERE), ("Words", "a long value that somebody typed", HERE)],
    }
    return render(request, "explorer/design.html", context)
