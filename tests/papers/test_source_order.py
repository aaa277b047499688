"""Whose word is shown: every format has its place."""

import pytest

from papers.importers import FORMATS
from papers.ingest import FROM_REFERENCE, SOURCE_ORDER, source_rank


def test_every_format_has_a_rank():
    assert set(SOURCE_ORDER) == {"curator", *FORMATS, FROM_REFERENCE}


@pytest.mark.parametrize("name", FORMATS)
def test_a_preprint_ranks_below_every_published_record_and_above_a_reference(name):
    published = max(source_rank(other) for other in FORMATS)
    assert published < source_rank(f"{name}/preprint") < source_rank(FROM_REFERENCE)
