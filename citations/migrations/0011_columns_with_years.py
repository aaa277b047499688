from importlib import import_module

from django.db import migrations

hub_columns = import_module("citations.migrations.0008_hub_columns")


class Migration(migrations.Migration):
    """Columns are of format 2: until its next refresh a large hub reads its rows."""

    dependencies = [("citations", "0010_words")]

    operations = [migrations.RunPython(hub_columns.mark_stale, migrations.RunPython.noop)]
