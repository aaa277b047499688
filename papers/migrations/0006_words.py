"""The table that a search goes by. On SQLite it is an FTS5 table; on PostgreSQL a GIN index lies over it."""

import django.db.models.deletion
from django.db import migrations, models

from papers.words import index_words

TABLE = "papers_paperwords"
VECTOR = "array_to_tsvector(string_to_array(words, ' '))"
ROWS_A_STATEMENT = 2000

# What one row holds is found by its place, so rows must be short: a thousand papers that hold a word
# would be a thousand pages to read. PostgreSQL moves long values out of a row only where the row is
# longer than 2 kB; a column of blanks, which it packs into 30 bytes, makes every row so long.
# Unpacked outside (EXTERNAL): packing costs more than all else that a row costs beside its index.
ON_POSTGRESQL = [
    f"CREATE TABLE {TABLE} (rowid bigint PRIMARY KEY, words text NOT NULL,"
    " width text NOT NULL DEFAULT repeat(' ', 2000)) WITH (toast_tuple_target = 128)",
    f"ALTER TABLE {TABLE} ALTER words SET STORAGE EXTERNAL",
]
HOLDERS = f"SELECT array_agg(rowid)::text FROM {TABLE} WHERE {VECTOR} @@ $1"  # noqa: S608 - names of ours
INDEX_ON_POSTGRESQL = [
    f"CREATE INDEX {TABLE}_gin ON {TABLE} USING gin ({VECTOR})",
    f"CREATE FUNCTION {TABLE}_holders(tsquery) RETURNS text LANGUAGE sql STABLE"
    f" SET enable_seqscan = off SET jit = off AS $$ {HOLDERS} $$",
]
ON_SQLITE = [f"CREATE VIRTUAL TABLE {TABLE} USING fts5(words, detail=none, tokenize='ascii')"]


def make(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in ON_POSTGRESQL if on_postgresql else ON_SQLITE:
        schema_editor.execute(statement)
    fill(apps.get_model("papers", "Paper"), schema_editor.connection)
    for statement in INDEX_ON_POSTGRESQL if on_postgresql else ():
        schema_editor.execute(statement)


def fill(Paper, connection):
    rows, last = Paper.objects.using(connection.alias).order_by("pk"), 0
    while lines := list(
        rows.filter(pk__gt=last).values_list("pk", "search_text", "abstract")[:ROWS_A_STATEMENT]
    ):
        last = lines[-1][0]
        documents = [(paper_id, index_words(*texts)) for paper_id, *texts in lines]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {TABLE} (rowid, words) VALUES (%s, %s)",  # noqa: S608 - a name of ours
                [line for line in documents if line[1]],
            )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {TABLE}_holders(tsquery)")
    schema_editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):
    dependencies = [("papers", "0005_library_mark")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunPython(make, drop)],
            [
                migrations.CreateModel(
                    name="PaperWords",
                    fields=[
                        (
                            "paper",
                            models.OneToOneField(
                                db_column="rowid",
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                primary_key=True,
                                related_name="indexed",
                                serialize=False,
                                to="papers.paper",
                            ),
                        ),
                        ("words", models.TextField()),
                    ],
                    options={"verbose_name_plural": "words of papers"},
                ),
            ],
        ),
    ]
