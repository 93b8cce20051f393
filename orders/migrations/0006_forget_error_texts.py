"""Error texts of earlier versions quoted the address that was asked, with the account's number in it."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("orders", "KisAccount").objects.exclude(inquiry_error="").update(inquiry_error="")
    apps.get_model("accounts", "SyncStep").objects.filter(run__slot="kis").exclude(error="").update(error="")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_kis_balances"), ("orders", "0005_calendars")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
