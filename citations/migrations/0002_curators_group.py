"""The group Curators: may read all of both rooms, and has just the rights that curation needs.

What a curator does goes through ``citations/curation.py`` and ``citations/merging.py``;
nobody in the group may delete evidence.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Curators"
MAY = {
    "papers": {
        "paper": ["change"],
        "paperidentifier": ["add", "change"],
        "authorship": ["add", "change", "delete"],
    },
    "citations": {
        "assertion": ["add"],
        "claim": ["add", "change"],
        "claimtreatment": ["add", "change"],
        "representativepin": ["add", "change"],
        "unmatchedreference": ["change"],
        "merge": ["add", "change"],
        "passage": ["change"],
    },
}


def make_group(apps, schema_editor):
    database = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    group, _new = Group.objects.using(database).get_or_create(name=GROUP)
    permissions = Permission.objects.using(database)
    for label, models in MAY.items():
        room = apps.get_app_config(label)
        # Permissions are made after the last migration; this one needs them now. Without a
        # models module, which the apps of a migration do not have, none would be made.
        room.models_module = True
        create_permissions(room, verbosity=0, using=database, apps=apps)
        room.models_module = None
        codenames = [f"{action}_{model}" for model, actions in models.items() for action in actions]
        codenames += [f"view_{model._meta.model_name}" for model in room.get_models()]
        group.permissions.add(*permissions.filter(content_type__app_label=label, codename__in=codenames))


def drop_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).filter(name=GROUP).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("papers", "0001_initial"),
        ("citations", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_group, drop_group)]
