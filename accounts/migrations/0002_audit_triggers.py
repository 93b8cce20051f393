"""Let the database itself refuse to change or delete an audit row."""

from django.db import migrations

from accounts import audit


def install(apps, schema_editor):
    audit.install_triggers(schema_editor.connection.alias)


def drop(apps, schema_editor):
    audit.drop_triggers(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(install, drop)]
