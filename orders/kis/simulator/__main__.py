"""Run by `python -m orders.kis.simulator`; ends at end of file on standard input, or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import date
from pathlib import Path
from typing import TextIO

import holidays

from orders.domain.sessions import Calendar, Sessions
from orders.kis.simulator.clock import ShiftedClock
from orders.kis.simulator.gateway import KisSimulator
from orders.kis.simulator.server import SimulatorServer
from orders.kis.simulator.settings import Files, SimSettings, read_account
from orders.kis.tr_ids import Environment


def main(arguments: list[str], stdin: TextIO, stdout: TextIO) -> int:
    """Serve until told to stop, in the main thread, which alone hears signals.

    Prints `ready REST_PORT WS_PORT` when both listen.
    """
    options = _parser().parse_args(arguments)
    clock = ShiftedClock(options.clock_file)
    sessions = _sessions(clock().year)
    files = Files(options.state_file, options.ledger)
    simulator = KisSimulator(_settings(options), clock, files=files, sessions=sessions)
    server = SimulatorServer(simulator, options.port, options.ws_port, options.state_file)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    threading.Thread(target=_wait_for_eof, args=(stdin, stop), daemon=True).start()
    stdout.write(f"ready {server.port} {server.ws_port}\n")
    stdout.flush()
    stop.wait()
    server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="orders.kis.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=9443, help="0 takes any free port")
    parser.add_argument("--ws-port", type=int, default=21000, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clock-file", type=Path, help='JSON: {"shift_seconds": 0}')
    parser.add_argument("--state-file", type=Path, help="where the books are kept between two runs")
    parser.add_argument("--ledger", type=Path, help="a line for everything that happens, never rewritten")
    parser.add_argument("--accounts", default="12345678-01,12345678-03")
    parser.add_argument("--hts-id", default="desk01")
    parser.add_argument("--app-key", default="demo")
    parser.add_argument("--app-secret", default="demo")
    parser.add_argument("--paper", action="store_true", help="the TR ids and limits of paper trading")
    parser.add_argument("--quiet-market", action="store_true", help="nothing happens by itself")
    parser.add_argument("--page-size", type=int, help="rows a page, instead of KIS's own")
    parser.add_argument("--requests-per-second", type=int, help="instead of KIS's own limit")
    return parser


def _settings(options: argparse.Namespace) -> SimSettings:
    return SimSettings(
        accounts=tuple(read_account(text) for text in options.accounts.split(",")),
        seed=options.seed,
        hts_id=options.hts_id,
        app_key=options.app_key,
        app_secret=options.app_secret,
        environment=Environment.PAPER if options.paper else Environment.LIVE,
        quiet=options.quiet_market,
        page_size=options.page_size,
        rate=options.requests_per_second,
    )


def _sessions(year: int) -> Sessions:
    """Market hours with the holidays of the years around `year`."""
    years = range(year - 1, year + 3)
    exchanges = {
        Calendar.KRX: "XKRX",
        Calendar.US: "XNYS",
        Calendar.HK: "XHKG",
        Calendar.CN: "XSHG",
        Calendar.JP: "XJPX",
    }
    days: dict[Calendar, frozenset[date]] = {
        calendar: frozenset(holidays.financial_holidays(exchange, years=years))
        for calendar, exchange in exchanges.items()
    }
    days[Calendar.VN] = frozenset(holidays.country_holidays("VN", years=years))
    return Sessions(holidays=days)


def _wait_for_eof(stdin: TextIO, stop: threading.Event) -> None:
    # The parent holds the other end: when it dies, however it dies, this ends too.
    stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin, sys.stdout))
