"""The table of the words of citing sentences; papers/migrations/0006_words.py says why it is as it is."""

import django.db.models.deletion
from django.db import migrations, models

from papers.words import index_words

TABLE = "citations_citationwords"
VECTOR = "array_to_tsvector(string_to_array(words, ' '))"
ROWS_A_STATEMENT = 2000

# Short texts, and a search finds those of one hub only: they stay in their rows.
ON_POSTGRESQL = [
    f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, citing_id bigint NOT NULL, words text NOT NULL)"
]
HOLDERS = f"SELECT array_agg(citing_id)::text FROM {TABLE} WHERE {VECTOR} @@ $1"  # noqa: S608 - names of ours
INDEX_ON_POSTGRESQL = [
    f"CREATE INDEX {TABLE}_gin ON {TABLE} USING gin ({VECTOR})",
    f"CREATE FUNCTION {TABLE}_holders(tsquery) RETURNS text LANGUAGE sql STABLE"
    f" SET enable_seqscan = off SET jit = off AS $$ {HOLDERS} $$",
]
ON_SQLITE = [
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(citing_id UNINDEXED, words, detail=none, tokenize='ascii')"
]


def make(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in ON_POSTGRESQL if on_postgresql else ON_SQLITE:
        schema_editor.execute(statement)
    fill(apps, schema_editor.connection)
    for statement in INDEX_ON_POSTGRESQL if on_postgresql else ():
        schema_editor.execute(statement)


def fill(apps, connection):
    contexts = apps.get_model("citations", "CitationContext").objects.using(connection.alias)
    shown = contexts.filter(withdrawn_at=None, citation__withdrawn_at=None, passage__suppressed_at=None)
    columns = ("citation_id", "citation__citing_paper_id", "citation__cited_paper_id", "passage__text")
    last = 0
    while ids := list(
        shown.filter(citation_id__gt=last)
        .order_by("citation_id")
        .values_list("citation_id", flat=True)
        .distinct()[:ROWS_A_STATEMENT]
    ):
        texts = {}
        rows = shown.filter(citation_id__gt=last, citation_id__lte=ids[-1])
        for *pair, text in rows.order_by("citation_id", "passage_id").values_list(*columns):
            texts.setdefault(tuple(pair), []).append(text)
        last = ids[-1]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {TABLE} (rowid, citing_id, words) VALUES (%s, %s, %s)",  # noqa: S608 - a name of ours
                [
                    (citation_id, citing_id, f"→{cited_id} {index_words(*said)}".strip())
                    for (citation_id, citing_id, cited_id), said in texts.items()
                ],
            )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {TABLE}_holders(tsquery)")
    schema_editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):
    dependencies = [("citations", "0009_co_cited_works_packed"), ("papers", "0006_words")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, drop)],
            [
                migrations.CreateModel(
                    name="CitationWords",
                    fields=[
                        (
                            "citation",
                            models.OneToOneField(
                                db_column="rowid",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                primary_key=True,
                                related_name="indexed",
                                serialize=False,
                                to="citations.citation",
                            ),
                        ),
                        ("citing_id", models.BigIntegerField()),
                        ("words", models.TextField()),
                    ],
                    options={"verbose_name_plural": "words of citing sentences"},
                ),
            ],
        ),
    ]
