"""What an inquiry does to our orders: makes them known, moves their status, and squares their fills with the totals.

A read is one complete answer (all pages) about one account and one or more families of numbers, asked at one moment.
Rows that a later notice has overtaken change nothing; those that say again what was applied cost next to nothing.
"""

from orders.books.applying import apply_read
from orders.books.read import Read

__all__ = ["Read", "apply_read"]
