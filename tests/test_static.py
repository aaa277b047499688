"""Static files carry plain names until they have been collected, hashed names afterwards."""

import json
from pathlib import Path

import pytest

from hubsite.staticfiles import CollectedOrPlainStorage


def test_names_are_plain_where_nothing_has_been_collected(tmp_path):
    storage = CollectedOrPlainStorage(location=tmp_path, base_url="/static/")
    assert storage.url("site.css") == "/static/site.css"


def test_names_are_hashed_once_collected(tmp_path):
    manifest = {"version": "1.1", "hash": "", "paths": {"site.css": "site.0123456789ab.css"}}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    storage = CollectedOrPlainStorage(location=tmp_path, base_url="/static/")
    assert storage.url("site.css") == "/static/site.0123456789ab.css"
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        storage.url("forgotten.css")


def test_a_static_file_is_served_with_debug_off(client, settings):
    assert settings.DEBUG is False
    response = client.get("/static/admin/css/base.css")
    assert response.status_code == 200
    assert response["Content-Type"] == 'text/css; charset="utf-8"'


def test_search_has_a_small_script_that_asks_nobody_else():
    script = (Path(__file__).parent.parent / "static/search.js").read_text()
    assert len(script.encode()) <= 3500
    assert "innerHTML" not in script and "http" not in script
