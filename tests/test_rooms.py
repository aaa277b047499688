"""The house rules that import statements can break: the order of the rooms, and what is pure.

Reads the source with ``ast``; nothing is imported, so a broken module is read too.
"""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOMS = ["papers", "citations", "explorer"]

# Modules that work without a database and without settings, folders with all they hold.
PURE = [
    "papers/ahead.py",
    "papers/deriving.py",
    "papers/identifiers.py",
    "papers/importers",
    "papers/live",
    "papers/markers.py",
    "papers/records.py",
    "papers/sections.py",
    "papers/sentences.py",
    "papers/text.py",
    "papers/words.py",
    "citations/classifier",
    "citations/estimates.py",
    "citations/headline.py",
    "citations/labels.py",
    "citations/statistics.py",
]
# ``models`` stands for the database, but for these two, which are no more than enums.
ENUMS = {"TextChoices", "IntegerChoices"}
IMPURE = (
    "django.apps",
    "django.conf",
    "django.contrib",
    "django.core",
    "django.db",
    "simple_history",
    "hubsite",
)


def sources(*names):
    """Every Python file of the files and folders ``names``, as paths from the project's folder."""
    found = []
    for name in names:
        path = HOUSE / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [path.relative_to(HOUSE).as_posix() for path in found if path.exists()]


def imports(source, path):
    """The dotted names that ``source``, the text of the file ``path``, imports, wherever in it."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def out_of_order(source, path):
    """The imports of ``path`` that name a later room or the project package."""
    later = ROOMS[ROOMS.index(path.split("/")[0]) + 1 :] + ["hubsite"]
    return [name for name in imports(source, path) if name.split(".")[0] in later]


def is_pure(name):
    """Whether the dotted ``name`` (a module, or something in one) belongs to a pure module."""
    as_path = name.replace(".", "/")
    return any(f"{as_path}/".startswith(f"{pure.removesuffix('.py')}/") for pure in PURE)


def impurities(source, path):
    """What ``path`` imports that needs a database or settings, directly or through another module."""
    found = []
    tree = ast.parse(source)
    for name in imports(source, path):
        if name.split(".")[0] in ROOMS and not is_pure(name):
            found.append(name)
        elif name == "django.db.models":
            uses = {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "models"
            }
            found += [f"{name}.{use}" for use in sorted(uses - ENUMS)]
        elif name.startswith("django.db.models.") and name.rpartition(".")[2] in ENUMS:
            continue
        elif f"{name}.".startswith(tuple(f"{module}." for module in IMPURE)):
            found.append(name)
    return found


@pytest.mark.parametrize("path", sources(*ROOMS))
def test_a_room_imports_only_from_earlier_rooms(path):
    assert out_of_order((HOUSE / path).read_text("utf-8"), path) == []


@pytest.mark.parametrize("path", sources(*PURE))
def test_pure_modules_know_no_database_and_no_settings(path):
    assert impurities((HOUSE / path).read_text("utf-8"), path) == []


@pytest.mark.parametrize("name", PURE)
def test_the_list_of_pure_modules_names_what_is_there(name):
    assert (HOUSE / name).exists()


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("papers/ingest.py", "from citations.models import Citation", ["citations.models.Citation"]),
        ("papers/importers/tei.py", "def f():\n    import explorer.views", ["explorer.views"]),
        ("papers/admin.py", "from hubsite import settings", ["hubsite.settings"]),
        ("citations/ingest.py", "from papers.models import Paper", []),
        ("citations/ingest.py", "from explorer import facets", ["explorer.facets"]),
        ("explorer/views.py", "from citations import models\nfrom papers import models", []),
        ("explorer/views.py", "import hubsite.settings", ["hubsite.settings"]),
    ],
)
def test_imports_from_later_rooms_are_found(path, source, expected):
    assert out_of_order(source, path) == expected


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("papers/text.py", "import re\nfrom papers import identifiers", []),
        ("papers/text.py", "from papers.models import Paper", ["papers.models.Paper"]),
        ("papers/text.py", "from . import querysets", ["papers.querysets"]),
        ("papers/importers/ris.py", "from ..records import PaperRecord\nfrom . import jats", []),
        ("papers/importers/ris.py", "from ..ingest import upsert", ["papers.ingest.upsert"]),
        (
            "papers/importers/ris.py",
            "def f():\n    from django.conf import settings",
            ["django.conf.settings"],
        ),
        ("papers/records.py", "from django.db import connection", ["django.db.connection"]),
        ("papers/records.py", "import django.db", ["django.db"]),
        ("citations/labels.py", "from django.db import models\nclass R(models.TextChoices): pass", []),
        ("citations/labels.py", "from django.db.models import TextChoices", []),
        (
            "citations/labels.py",
            "from django.db import models\nclass R(models.Model): pass",
            ["django.db.models.Model"],
        ),
        ("citations/headline.py", "from django.db.models import Q", ["django.db.models.Q"]),
        ("citations/headline.py", "from citations.rollups import refresh", ["citations.rollups.refresh"]),
    ],
)
def test_impure_imports_are_found(path, source, expected):
    assert impurities(source, path) == expected
