"""The nightly balances of KIS accounts: after the night's session and the move of its rows to the day table."""

from datetime import time

from django.db import migrations, models

SLOTS = [("evening", "저녁"), ("confirm", "확정"), ("manual", "수동"), ("history", "이력"), ("kis", "KIS 잔고")]


def add_slot(apps, schema_editor):
    apps.get_model("accounts", "ScheduleEntry").objects.get_or_create(slot="kis", defaults={"starts_at": time(6, 20)})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_schedule")]

    operations = [
        migrations.AlterField(
            "scheduleentry", "slot", models.CharField(choices=SLOTS, max_length=8, unique=True, verbose_name="회차")
        ),
        migrations.AlterField("syncrun", "slot", models.CharField(choices=SLOTS, max_length=8, verbose_name="회차")),
        migrations.RunPython(add_slot, migrations.RunPython.noop),
    ]
