"""What waits for curators: the queues of the admin's first page, each with how long it is."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citations.models import Assertion, StaleHub, UnmatchedReference
from papers import duplicates
from papers.models import PossibleDuplicate

MOST = 1000  # a queue is counted so far: nobody needs to know more, and counting on costs


@dataclass
class Queue:
    """``count`` is None where a queue has no end; ``is_cut``: it is longer than MOST."""

    title: str
    words: str
    url: str
    count: int | None = None
    is_cut: bool = False


def queues_of(user):
    """The Queues that this user may work through. At most four queries."""
    found = []
    if user.has_perm("citations.add_assertion"):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        mine = Assertion.objects.by_curators().filter(curator=user, created_at__gte=today)
        n = mine.count()
        words = ngettext("%(n)s label by you today", "%(n)s labels by you today", n) % {"n": n}
        found.append(Queue(_("Label sentences"), words, reverse("admin:citations_citationcontext_labelling")))
    if user.has_perm("papers.view_possibleduplicate"):
        waiting = duplicates.waiting(PossibleDuplicate.objects.all())
        found.append(
            _counted(
                _("Possible duplicates"),
                _("two papers that may be one"),
                "papers_possibleduplicate",
                waiting,
            )
        )
    if user.has_perm("citations.view_unmatchedreference"):
        waiting = UnmatchedReference.objects.filter(resolved_at=None, withdrawn_at=None)
        found.append(
            _counted(
                _("Unmatched references"),
                _("no paper fits them, or several do"),
                "citations_unmatchedreference",
                waiting,
            )
        )
    if user.has_perm("citations.view_hubsummary"):
        found.append(
            _counted(
                _("Hubs behind"),
                _("counted anew by “manage.py refresh_hubs”"),
                "citations_hubsummary",
                StaleHub.objects.all(),
            )
        )
    return found


def _counted(title, words, route, rows):
    count = rows.order_by()[: MOST + 1].count()
    return Queue(title, words, reverse(f"admin:{route}_changelist"), min(count, MOST), count > MOST)
