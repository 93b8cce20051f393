"""The two slots of a day, and the first day that a step asks for."""

from datetime import time

from django.db import migrations, models

STARTS = {"evening": time(20, 30), "confirm": time(6, 30)}


def add_slots(apps, schema_editor):
    entries = apps.get_model("accounts", "ScheduleEntry").objects
    for slot, starts_at in STARTS.items():
        entries.get_or_create(slot=slot, defaults={"starts_at": starts_at})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_triggers")]

    operations = [
        migrations.AddField("syncstep", "since", models.DateField(blank=True, null=True, verbose_name="첫 조회일")),
        migrations.RunPython(add_slots, migrations.RunPython.noop),
    ]
