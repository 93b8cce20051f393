"""The notice streams of this process: one session an app key, recovery, sweeps, the resolver."""

from orders.notice_stream.running import run

__all__ = ["run"]
