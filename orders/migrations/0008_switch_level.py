from django.conf import settings
from django.db import migrations, models


def learn_levels(apps, schema_editor):
    """What a manager had engaged stays for managers to release."""
    switches = apps.get_model("orders", "Switch").objects.using(schema_editor.connection.alias)
    switches.filter(engaged_by__role="manager").update(level="manager")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_kis_balances"),
        ("orders", "0007_superseding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="switch",
            name="one_engaged_for_all",
        ),
        migrations.RemoveConstraint(
            model_name="switch",
            name="one_engaged_a_manager",
        ),
        migrations.RemoveConstraint(
            model_name="switch",
            name="one_engaged_an_account",
        ),
        migrations.RemoveConstraint(
            model_name="switch",
            name="one_engaged_a_market",
        ),
        migrations.AddField(
            model_name="switch",
            name="level",
            field=models.CharField(
                choices=[("manager", "운용역"), ("desk", "운영")], default="desk", max_length=8, verbose_name="수준"
            ),
        ),
        migrations.RunPython(learn_levels, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None), ("scope", "all")),
                fields=("kind", "level"),
                name="one_engaged_for_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None), ("scope", "manager")),
                fields=("kind", "level", "manager"),
                name="one_engaged_a_manager",
            ),
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None), ("scope", "account")),
                fields=("kind", "level", "account"),
                name="one_engaged_an_account",
            ),
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None), ("scope", "market")),
                fields=("kind", "level", "market"),
                name="one_engaged_a_market",
            ),
        ),
    ]
