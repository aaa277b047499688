"""Labels of this library as examples to train with.

Owns the reading of the effective human labels out of the database. Training itself knows no
database (``citations/classifier``); writing labels is ``citations/assertions.py``.
"""

from citations.classifier.corpora import Example
from citations.classifying import sentence_of
from citations.labels import OWN_SCHEME, Dimension, LabelSource, Role
from citations.models import Assertion, CitationContext

BATCH = 2000


def library_examples(*, sources=(LabelSource.CURATOR,), include_random=False):
    """The contexts whose effective role comes from one of ``sources``, as Examples; a generator.

    The citing paper is the group. Contexts that a curator labelled because they were drawn at
    random are left out unless ``include_random``: estimates rest on them, and a model that had
    seen them would look better there than it is. Left out too are the role ``unclear``,
    withdrawn contexts and suppressed passages. One query, read in batches.
    """
    contexts = (
        CitationContext.objects.current()
        .filter(role_source__in=[str(source) for source in sources], passage__suppressed_at__isnull=True)
        .exclude(role__in=["", Role.UNCLEAR])
        .select_related("passage")
        .order_by("id")
    )
    if not include_random:
        drawn = Assertion.objects.filter(
            dimension=Dimension.ROLE,
            source=LabelSource.CURATOR,
            drawn=Assertion.Drawn.RANDOM,
            withdrawn_at__isnull=True,
            context__isnull=False,
        )
        contexts = contexts.exclude(pk__in=drawn.values("context"))
    for context in contexts.iterator(chunk_size=BATCH):
        polarity = context.polarity if context.polarity_source in sources else ""
        paper = f"paper:{context.passage.citing_paper_id}"
        yield Example(sentence_of(context), context.role, polarity, paper, OWN_SCHEME)
