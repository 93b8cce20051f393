from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("주문")

    def ready(self) -> None:
        post_migrate.connect(seed_calendars, sender=self)


def seed_calendars(**_kwargs: Any) -> None:
    """The program's own market hours become rows that staff see and edit."""
    from orders import calendars  # noqa: PLC0415 - models are there only once the apps are ready

    if calendars.is_migrated():  # a database may stand at an earlier migration
        calendars.seed()
