from django.apps import AppConfig
from django.core.checks import register


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal import checks  # noqa: PLC0415 - models are there only now

        register(checks.shifted_clock)
        register(checks.open_debug)
        register(checks.lone_layer)
