"""axe-core in a page: what a person with other senses or hands would stumble over."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${rule.help}`))"""


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule; empty is clean. Evaluated, not added: CSP stays as it is."""
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    return list(page.evaluate(RUN))
