"""What waits for curators: the queues of the admin's first page, each with how long it is."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from citations.labelling import entered_today
from citations.models import StaleHub, UnmatchedReference
from papers import duplicates

MOST = 1000  # a queue is counted so far: nobody needs to know more, and counting on costs


@dataclass
class Queue:
    """``count`` is None where a queue has no end; ``is_cut``: it is longer than MOST.

    ``url`` opens just these items; empty where no page of the admin lists them.
    """

    title: str
    words: str
    url: str = ""
    count: int | None = None
    is_cut: bool = False


def queues_of(user):
    """The Queues that this user may work through. At most four queries."""
    found = []
    if user.has_perm("citations.add_assertion"):
        n = entered_today(user).total()
        words = ngettext("%(n)s label by you today", "%(n)s labels by you today", n) % {"n": n}
        found.append(Queue(_("Label sentences"), words, reverse("admin:citations_citationcontext_labelling")))
    if user.has_perm("papers.view_possibleduplicate"):
        url = reverse("admin:papers_possibleduplicate_changelist")
        words = _("two papers that may be one")
        found.append(_counted(duplicates.waiting(), _("Possible duplicates"), words, url))
    if user.has_perm("citations.view_unmatchedreference"):
        url = reverse("admin:citations_unmatchedreference_changelist")
        words = _("no paper fits them, or several do")
        found.append(_counted(UnmatchedReference.objects.waiting(), _("Unmatched references"), words, url))
    if user.has_perm("citations.view_hubsummary"):
        words = _("counted anew by “manage.py refresh_hubs”")
        found.append(_counted(StaleHub.objects.all(), _("Hubs behind"), words))
    return found


def _counted(rows, title, words, url=""):
    count = rows.order_by()[: MOST + 1].count()
    return Queue(title, words, url, min(count, MOST), count > MOST)
