"""The co-cited works of a hub in one row in place of twenty; what is stored is taken over.

Backwards the counts are not unpacked: the hubs that have any are marked stale, so run
``manage.py refresh_hubs`` after that.
"""

import json
from itertools import groupby, islice

import django.db.models.deletion
from django.db import migrations, models

ROWS_AT_ONCE = 2000
STORED_FROM = 10


def pack(apps, schema_editor):
    database = schema_editor.connection.alias
    packed = apps.get_model("citations", "CoCitedWorks").objects.using(database)
    rows = (
        apps.get_model("citations", "CoCitation")
        .objects.using(database)
        .order_by("paper_id", "rank")
        .values_list("paper_id", "other_id", "count", "same_passage", "examples")
    )
    hubs = (
        packed.model(
            paper_id=paper_id,
            works=json.dumps(
                [[*counts, *examples] for _hub, *counts, examples in lines], separators=(",", ":")
            ),
        )
        for paper_id, lines in groupby(rows.iterator(), key=lambda row: row[0])
    )
    while some := list(islice(hubs, ROWS_AT_ONCE)):
        packed.bulk_create(some)


def mark_stale(apps, schema_editor):
    database = schema_editor.connection.alias
    hubs = apps.get_model("citations", "HubSummary").objects.using(database).filter(known__gte=STORED_FROM)
    stale = apps.get_model("citations", "StaleHub").objects.using(database)
    paper_ids = hubs.values_list("paper_id", flat=True).iterator()
    while some := list(islice(paper_ids, ROWS_AT_ONCE)):
        stale.bulk_create([stale.model(paper_id=paper_id) for paper_id in some], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("citations", "0008_hub_columns"),
        ("papers", "0005_library_mark"),
    ]

    operations = [
        migrations.CreateModel(
            name="CoCitedWorks",
            fields=[
                (
                    "paper",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="co_cited_works",
                        serialize=False,
                        to="papers.paper",
                    ),
                ),
                ("works", models.TextField()),
            ],
            options={"verbose_name_plural": "co-cited works"},
        ),
        migrations.RunPython(pack, mark_stale),
        migrations.DeleteModel(name="CoCitation"),
        migrations.AddField(
            model_name="stalehub",
            name="counted_by",
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
