"""The elements of a page with their attributes, however the markup is laid out."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class _Reader(HTMLParser):
    found: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1].text += data


def elements(html: str, attribute: str) -> list[Element]:
    """Every element that has the attribute, in the order of the page."""
    reader = _Reader()
    reader.feed(html)
    return [element for element in reader.found if attribute in element.attributes]


def hidden_values(html: str) -> dict[str, str]:
    """What a form would send of itself, without the CSRF token."""
    inputs = [one.attributes for one in elements(html, "name") if one.attributes.get("type") == "hidden"]
    return {one["name"]: one.get("value", "") for one in inputs if one["name"] != "csrfmiddlewaretoken"}
