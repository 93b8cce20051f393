"""Fetch accounts from the securities firms, in this process: all that is due, or what is named."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock, sync
from accounts.audit import By
from accounts.masking import mask_number
from accounts.models import ClientAccount, Dataset, Firm, FirmKind

FINISHED_WITH_FAILURES, BAD_ARGUMENTS, WINDOW_CLOSED = 1, 2, 3
OF_DAYS = {Dataset.TRADES, Dataset.ORDERS}


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date (YYYY-MM-DD)") from None


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--broker", metavar="SHORT_NAME", default="", help="one firm; releases it when stopped")
        parser.add_argument("--account", metavar="NUMBER", default="", help="one account, by its full number")
        parser.add_argument("--dataset", choices=Dataset.values, default="")
        parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="trades and orders from this day")
        parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="and until this one")

    def handle(self, *_args: Any, **options: Any) -> None:
        requests = [self._request(options, account) for account in self._accounts(options)]
        try:
            results = [sync.run_due(request) for request in requests]
        except sync.SyncWindowClosed as closed:
            self.stderr.write(f"refused: {closed}")
            sys.exit(WINDOW_CLOSED)
        for result in results:
            self.stdout.write(f"run {result.run_id}: {result.done} steps complete, {len(result.failures)} not")
            for failure in result.failures:
                self.stdout.write(str(failure))
        if not all(result.complete for result in results):
            sys.exit(FINISHED_WITH_FAILURES)

    def _accounts(self, options: dict[str, Any]) -> list[ClientAccount | None]:
        """The accounts that the number names: one number may stand at two firms. [None] when none was given."""
        if options["broker"]:
            self._check_firm(options["broker"])
        if not options["account"]:
            return [None]
        accounts = ClientAccount.objects.with_number(options["account"]).filter(
            firm__kind=FirmKind.KOSCOM, firm__active=True
        )
        if options["broker"]:
            accounts = accounts.filter(firm__short_name=options["broker"])
        found: list[ClientAccount | None] = list(accounts.select_related("firm"))
        if not found:
            raise CommandError(
                f"no account {mask_number(options['account'])} at the firms asked", returncode=BAD_ARGUMENTS
            )
        return found

    def _check_firm(self, short_name: str) -> None:
        firms = Firm.objects.filter(kind=FirmKind.KOSCOM, active=True)
        if not firms.filter(short_name=short_name).exists():
            known = ", ".join(firms.values_list("short_name", flat=True)) or "none"
            raise CommandError(f"no firm {short_name!r}; known: {known}", returncode=BAD_ARGUMENTS)

    def _request(self, options: dict[str, Any], account: ClientAccount | None) -> sync.SyncRequest:
        since, until = self._days(options)
        return sync.SyncRequest(
            firm=account.firm.short_name if account and options["broker"] else options["broker"],
            account_id=account.pk if account else None,
            dataset=options["dataset"],
            since=since,
            until=until,
            by=By.system("syncaccounts"),
        )

    def _days(self, options: dict[str, Any]) -> tuple[date | None, date | None]:
        since, until = options["since"], options["until"]
        if since is None and until is None:
            return None, None
        if options["dataset"] and options["dataset"] not in OF_DAYS:
            raise CommandError("--from and --to are for trades and orders", returncode=BAD_ARGUMENTS)
        today = clock.today().date()
        since, until = since or until, until or today
        if not since <= until <= today:
            raise CommandError(f"--from {since} to {until} is no span of past days", returncode=BAD_ARGUMENTS)
        return since, until
