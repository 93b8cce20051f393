import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

WAITING = ["CREATED", "READY", "SENDING"]


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0006_forget_error_texts"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ordercommand",
            name="one_live_command",
        ),
        migrations.AlterField(
            model_name="ordercommand",
            name="supersedes",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="superseded_by",
                to="orders.ordercommand",
            ),
        ),
        migrations.AddConstraint(
            model_name="ordercommand",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=["ACKED", "ESCALATED", "UNKNOWN"]) | Q(state__in=WAITING, supersedes=None),
                fields=("order",),
                name="one_live_command",
            ),
        ),
        migrations.AddConstraint(
            model_name="ordercommand",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=WAITING, supersedes__isnull=False),
                fields=("order",),
                name="one_superseding_command",
            ),
        ),
        migrations.AddConstraint(
            model_name="ordercommand",
            constraint=models.UniqueConstraint(
                condition=Q(state="SENDING"), fields=("order",), name="one_command_being_sent"
            ),
        ),
    ]
