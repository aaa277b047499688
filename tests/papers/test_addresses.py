"""Addresses by their forms are those that ``reverse`` makes."""

import pytest
from django.urls import get_script_prefix, reverse, set_script_prefix

from papers.addresses import PLACE, address

ROUTES = [
    ("explorer:hub", 12, "a-slug-2"),
    ("explorer:hub", 1, str(PLACE)),
    ("explorer:evidence", 12, 2**62),
    ("explorer:evidence", PLACE + 1, PLACE),
    ("explorer:author", 7),
    ("explorer:compare",),
]


@pytest.mark.parametrize("prefix", ["/", "/hubs%20here/"])
def test_an_address_is_what_reverse_makes(prefix):
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        for route, *parts in ROUTES:
            assert address(route, *parts) == reverse(route, args=parts)
    finally:
        set_script_prefix(before)
