"""What the environment may say, what happens when it says something else, and what follows from it."""

import os
import re
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

HOUSE = Path(__file__).parent.parent
SETTINGS = HOUSE / "hubsite" / "settings.py"
PLANNER = "-c jit=off -c parallel_setup_cost=20000"
VARIABLES = sorted(
    set(
        re.findall(
            r'(?:env\.str|env|text|flag|whole_number|entries|address|api_key)\(\s*"([A-Z_]+)"',
            SETTINGS.read_text("utf-8"),
        )
    )
)


@pytest.fixture
def checkout(tmp_path):
    """A folder with nothing in it but what the settings need."""
    (tmp_path / "hubsite").mkdir()
    for name in ("hubsite/__init__.py", "hubsite/settings.py", "manage.py"):
        shutil.copy(HOUSE / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def load(checkout, monkeypatch):
    """The settings of ``checkout`` under an environment that says what the keywords say, as a dict."""

    def load(**environment):
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(checkout / "hubsite" / "settings.py"))

    return load


def test_nothing_has_to_be_set(load, checkout):
    settings = load()
    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["DATABASES"]["default"]["NAME"] == checkout / "db.sqlite3"
    assert settings["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert settings["PUBLIC_URL"] == "http://127.0.0.1:8000"
    assert settings["LIBRARY_NAME"] == "Citation hub"
    assert settings["CONTACT_EMAIL"] == ""
    assert settings["TIME_ZONE"] == "UTC"
    assert settings["FETCHED_FOLDER"] == checkout / "fetched"
    assert settings["OPENALEX_URL"] == "https://api.openalex.org"
    assert settings["OPENALEX_API_KEY"] == settings["GROBID_URL"] == ""
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is False
    assert settings["SECURE_HSTS_SECONDS"] == 0
    assert "SECURE_PROXY_SSL_HEADER" not in settings


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("DEBUG", "maybe", "maybe"),
        ("DEBUG", "", "''"),
        ("DATABASE_POOL", "2", "'2'"),
        ("DATABASE_URL", "mysql://hub:hidden@host/hub", "mysql:"),
        ("DATABASE_URL", "db.sqlite3", "db.sqlite3"),
        ("DATABASE_URL", "", "''"),
        ("DATABASE_URL", "sqlite://db.sqlite3", "sqlite://db.sqlite3"),
        ("DATABASE_URL", "sqlite:///db.sqlite3?timeout=5", "%3F"),
        ("DATABASE_URL", "postgres://hub:hidden@host:port/hub", "PORT"),
        ("DATABASE_URL", "postgres://hub:hidden@host:99999/hub", "PORT"),
        ("DATABASE_URL", "postgres://hub:hid#den@host/hub", "%23"),
        ("DATABASE_URL", "postgres://hub:hidden@host/", "without a NAME"),
        ("REPLICA_URL", "postgres://hub:hidden@host/hub", "DATABASE_URL"),
        ("SECRET_KEY", " ", "SECRET_KEY"),
        ("ALLOWED_HOSTS", "https://hub.example.org", "https://hub.example.org"),
        ("ALLOWED_HOSTS", "hub.example.org:8000", "hub.example.org:8000"),
        ("ALLOWED_HOSTS", "", "''"),
        ("CSRF_TRUSTED_ORIGINS", "hub.example.org", "hub.example.org"),
        ("PORT", "eighty", "eighty"),
        ("PORT", "0", "65535"),
        ("PORT", "٨٠", "65535"),
        ("PUBLIC_URL", "hub.example.org", "hub.example.org"),
        ("PUBLIC_URL", "https://hub.example.org/hub", "https://hub.example.org/hub"),
        ("PUBLIC_URL", "https://*.example.org", "https://*.example.org"),
        ("LIBRARY_NAME", "  ", "LIBRARY_NAME"),
        ("CONTACT_EMAIL", "nobody", "nobody"),
        ("TIME_ZONE", "Mars/Olympus", "Mars/Olympus"),
        ("TIME_ZONE", "../etc/passwd", "../etc/passwd"),
        ("TIME_ZONE", "Europe", "'Europe'"),
        ("HSTS_SECONDS", "-1", "-1"),
        ("SERVED_OVER_HTTPS", "perhaps", "perhaps"),
        ("PROXY_SETS_FORWARDED_PROTO", "X-Forwarded-Proto", "X-Forwarded-Proto"),
        ("STATIC_ROOT", "", "STATIC_ROOT"),
        ("FETCHED_FOLDER", "", "FETCHED_FOLDER"),
        ("FETCHED_DAYS", "a week", "'a week'"),
        ("OPENALEX_URL", "api.example.org", "'api.example.org'"),
        ("OPENALEX_URL", "ftp://api.example.org", "'ftp://api.example.org'"),
        ("OPENALEX_URL", "", "''"),
        ("SEMANTIC_SCHOLAR_URL", "https://api.example.org/graph?x=1", "?x=1"),
        ("CROSSREF_URL", "https://me:hidden@api.example.org", "'api.example.org'"),
        ("OPENALEX_API_KEY", "hidden key", "'…'"),
        ("SEMANTIC_SCHOLAR_API_KEY", "hidden\nkey", "'…'"),
        ("CROSSREF_API_KEY", "hiddén", "'…'"),
        ("GROBID_URL", "127.0.0.1:8070", "'127.0.0.1:8070'"),
        ("LLM_BASE_URL", "https://me:hidden@llm.example.org/v1", "'llm.example.org/v1'"),
        ("LLM_MODEL", "a model", "'a model'"),
        ("LLM_API_KEY", "hidden key", "'…'"),
        ("LLM_BUDGET_REQUESTS", "many", "'many'"),
        ("LLM_BUDGET_TOKENS", "-1", "'-1'"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_it(load, name, value, shown):
    with pytest.raises(ImproperlyConfigured) as refused:
        load(**{"SECRET_KEY": "made up", name: value})
    message = str(refused.value)
    assert message.startswith(name)
    assert shown in message
    assert "allowed: " in message
    assert "\n" not in message
    assert "hid" not in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("True", True), ("YES", True), ("on", True), ("0", False), ("off", False)],
)
def test_flags_are_read_as_people_write_them(load, value, expected):
    assert load(SECRET_KEY="made up", DEBUG=value)["DEBUG"] is expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///demo.sqlite3", "{checkout}/demo.sqlite3"),
        ("sqlite:////var/lib/hub/db.sqlite3", "/var/lib/hub/db.sqlite3"),
        ("sqlite:////var/lib/my hub/a+b%20c.sqlite3", "/var/lib/my hub/a+b c.sqlite3"),
        ("sqlite://", ":memory:"),
        ("sqlite:///", ":memory:"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_sqlite_addresses(load, checkout, url, name):
    database = load(SECRET_KEY="made up", DATABASE_URL=url)["DATABASES"]["default"]
    assert str(database["NAME"]) == name.format(checkout=checkout)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_address_with_its_options(load, scheme):
    url = f"{scheme}://hub:p%40ss@db.example.org:5433/hub?sslmode=require"
    database = load(SECRET_KEY="made up", DATABASE_URL=url)["DATABASES"]["default"]
    expected = {
        "ENGINE": "django.db.backends.postgresql",
        "USER": "hub",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": 5433,
        "NAME": "hub",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"sslmode": "require", "options": PLANNER},
    }
    assert {key: database[key] for key in expected} == expected


def test_what_an_address_asks_of_postgresql_comes_after_what_we_ask(load):
    url = "postgres://hub@host/hub?options=-c%20jit%3Don"
    databases = load(SECRET_KEY="made up", DATABASE_URL=url, REPLICA_URL=url)["DATABASES"]
    assert databases["default"]["OPTIONS"]["options"] == f"{PLANNER} -c jit=on"
    read_only = "-c default_transaction_read_only=on"
    assert databases["replica"]["OPTIONS"]["options"] == f"{PLANNER} -c jit=on {read_only}"


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no planner to be told")
def test_postgresql_is_told():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('jit'), current_setting('parallel_setup_cost')")
        assert cursor.fetchone() == ("off", "20000")


def test_a_postgresql_socket(load):
    database = load(SECRET_KEY="made up", DATABASE_URL="postgres://hub@//run/postgresql/library")["DATABASES"]
    assert (database["default"]["HOST"], database["default"]["NAME"]) == ("/run/postgresql", "library")


def test_a_pool_keeps_the_connections_itself(load):
    database = load(SECRET_KEY="made up", DATABASE_URL="postgres://hub@host/hub", DATABASE_POOL="on")[
        "DATABASES"
    ]
    assert database["default"]["OPTIONS"]["pool"] is True
    assert database["default"]["CONN_MAX_AGE"] == 0


def test_a_public_https_address_makes_cookies_secure(load):
    settings = load(SECRET_KEY="made up", PUBLIC_URL="https://hub.example.org/")
    assert settings["PUBLIC_URL"] == "https://hub.example.org"
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is True
    assert "SECURE_PROXY_SSL_HEADER" not in settings


def test_a_proxy_is_believed_only_when_asked(load):
    settings = load(SECRET_KEY="made up", PROXY_SETS_FORWARDED_PROTO="on", HSTS_SECONDS="3600")
    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert settings["SECURE_HSTS_SECONDS"] == 3600


def test_addresses_and_keys_of_services(load):
    settings = load(
        SECRET_KEY="made up",
        SEMANTIC_SCHOLAR_URL="http://127.0.0.1:8123/graph/v1/",
        SEMANTIC_SCHOLAR_API_KEY=" a-key ",
        GROBID_URL="http://[::1]:8070",
    )
    assert settings["SEMANTIC_SCHOLAR_URL"] == "http://127.0.0.1:8123/graph/v1"
    assert settings["SEMANTIC_SCHOLAR_API_KEY"] == "a-key"
    assert settings["GROBID_URL"] == "http://[::1]:8070"


def test_no_language_model_is_asked_unless_one_is_named(load):
    settings = load(SECRET_KEY="made up")
    assert settings["LLM_BASE_URL"] == settings["LLM_MODEL"] == settings["LLM_API_KEY"] == ""
    assert (settings["LLM_BUDGET_REQUESTS"], settings["LLM_BUDGET_TOKENS"]) == (1000, 1_000_000)


def test_a_language_model_is_a_server_and_a_name(load):
    settings = load(
        SECRET_KEY="made up", LLM_BASE_URL="http://127.0.0.1:8080/v1/", LLM_MODEL="maker/model:7b"
    )
    assert (settings["LLM_BASE_URL"], settings["LLM_MODEL"]) == ("http://127.0.0.1:8080/v1", "maker/model:7b")
    with pytest.raises(ImproperlyConfigured, match="LLM_MODEL='' cannot be used; .*needed with LLM_BASE_URL"):
        load(SECRET_KEY="made up", LLM_BASE_URL="http://127.0.0.1:8080/v1")


def test_the_port_moves_the_default_address(load):
    assert load(SECRET_KEY="made up", PORT="8123")["PUBLIC_URL"] == "http://127.0.0.1:8123"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(load):
    directives = load(SECRET_KEY="made up")["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert {source for sources in directives.values() for source in sources} == {"'none'", "'self'"}


def test_the_secret_key_is_made_once_and_for_its_owner_only(load, checkout):
    first = load()["SECRET_KEY"]
    assert len(first) >= 50
    assert load()["SECRET_KEY"] == first
    assert stat.S_IMODE((checkout / ".secret-key").stat().st_mode) == 0o600
    assert [path.name for path in checkout.iterdir() if "secret" in path.name] == [".secret-key"]


def test_a_secret_key_that_is_set_is_not_written(load, checkout):
    assert load(SECRET_KEY="made up")["SECRET_KEY"] == "made up"
    assert not (checkout / ".secret-key").exists()


def test_a_secret_key_that_another_process_has_just_made_is_taken_over(load, checkout, monkeypatch):
    (checkout / ".secret-key").write_text("k" * 60)
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert load()["SECRET_KEY"] == "k" * 60
    assert (checkout / ".secret-key").read_text() == "k" * 60


def test_a_cut_secret_key_is_refused(load, checkout):
    (checkout / ".secret-key").write_text("short")
    with pytest.raises(ImproperlyConfigured, match="holds no usable key; remove it, or set SECRET_KEY"):
        load()


def test_a_secret_key_that_cannot_be_kept_is_said_plainly(load, checkout):
    (checkout / ".secret-key").mkdir()
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set, and a random one cannot be kept"):
        load()


def test_a_command_ends_in_one_line_on_a_bad_setting(checkout):
    environment = {**os.environ, "SECRET_KEY": "made up", "DEBUG": "maybe"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert (
        done.stderr
        == "manage.py: DEBUG='maybe' cannot be used; allowed: 1, true, yes, on, 0, false, no, off.\n"
    )


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_is_described(name):
    docstring = SETTINGS.read_text("utf-8").split('"""')[1]
    assert re.search(rf"^{name}  ", docstring, re.MULTILINE)
