"""Compare our orders with the broker's lists, and name what differs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import ClientAccount
from orders import reconciliation
from orders.models import KisAccount


class Command(BaseCommand):
    help = "KIS 조회와 주문 장부를 맞춰 봅니다. 0: 일치, 1: 불일치(하나씩 적습니다)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", metavar="NUMBER", help="이 계좌만 (예: 12345678-01)")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        accounts = KisAccount.objects.filter(connection__active=True).select_related("account__firm", "connection")
        if options["account"] is not None:
            found = ClientAccount.objects.with_number(options["account"])
            accounts = accounts.filter(account__in=found)
            if not accounts.exists():
                raise CommandError("no connected KIS account has that number", returncode=2)
        breaks = reconciliation.sweep(accounts)
        for difference in breaks:
            self.stdout.write(f"{difference.account} (id {difference.account.pk}): {difference.text}")
        if breaks:
            sys.exit(1)
