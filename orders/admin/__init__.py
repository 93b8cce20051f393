"""The admin of orders: connections are kept by operations, everything that happened is read."""

from orders.admin import calendars, connections, ledgers, switches

__all__ = ["calendars", "connections", "ledgers", "switches"]
