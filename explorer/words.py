"""Which citing papers hold the words that a reader types."""

from django.db.models import Exists, OuterRef, Q

from citations.models import Citation, CitationContext
from explorer.filters import MOST_WORDS
from papers import text


def citing_papers_with(paper_id, words):
    """Ids of the citing papers in whose title, authors, abstract or citing sentences every word stands."""
    found = Citation.objects.incoming(paper_id)
    for word in words.split()[:MOST_WORDS]:
        sentences = CitationContext.objects.current().filter(
            citation_id=OuterRef("pk"),
            passage__text__icontains=word,
            passage__suppressed_at=None,
        )
        folded = text.fold(word)
        either = Q(citing_paper__abstract__icontains=word) | Exists(sentences)
        if folded:
            either |= Q(citing_paper__search_text__contains=folded)
        found = found.filter(either)
    return found.values_list("citing_paper_id", flat=True)
