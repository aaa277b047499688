"""Curators may look at pairs of papers that may be one, and say what they are."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Curators"
RIGHTS = ("view_possibleduplicate", "change_possibleduplicate")


def give_rights(apps, schema_editor):
    database = schema_editor.connection.alias
    group = apps.get_model("auth", "Group").objects.using(database).filter(name=GROUP).first()
    if group is None:
        return
    room = apps.get_app_config("papers")
    # As in 0002: permissions are made after the last migration, and this one needs them now.
    room.models_module = True
    create_permissions(room, verbosity=0, using=database, apps=apps)
    room.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    group.permissions.add(*permissions.filter(content_type__app_label="papers", codename__in=RIGHTS))


def take_rights(apps, schema_editor):
    database = schema_editor.connection.alias
    group = apps.get_model("auth", "Group").objects.using(database).filter(name=GROUP).first()
    if group is not None:
        permissions = apps.get_model("auth", "Permission").objects.using(database)
        group.permissions.remove(*permissions.filter(content_type__app_label="papers", codename__in=RIGHTS))


class Migration(migrations.Migration):
    dependencies = [
        ("papers", "0002_possible_duplicates"),
        ("citations", "0002_curators_group"),
    ]

    operations = [migrations.RunPython(give_rights, take_rights)]
