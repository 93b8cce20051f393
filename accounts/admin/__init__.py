"""The admin: operations keep firms and assignments, administrators people; compliance reads; ledgers stay."""

from accounts.admin import client_accounts, firms, ledgers, people

__all__ = ["client_accounts", "firms", "ledgers", "people"]
