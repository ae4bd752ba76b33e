"""Decides what every page owes everybody, and gives tests a client that checks it on each page it fetches.

What a page is about is left to its own test; how it looks and behaves in a browser, to tests/browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.http import HttpResponse
from django.test import Client

ONLY_ITEMS = {"ul": {"li"}, "ol": {"li"}, "dl": {"dt", "dd", "div"}, "select": {"option", "optgroup", "hr"}}
ALWAYS_ALLOWED = {"script", "template"}
IDREFS = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-owns", "form", "list")
DATA_BLOCKS = {"application/ld+json", "application/json"}
SILENT = {"script", "style", "template"}
INLINE = {"span", "b", "strong", "em", "a", "time", "code", "i", "small", "abbr", "kbd"}
SECURITY_MARKS = {"csrfmiddlewaretoken", "mark"}  # residents' forms carry a signed mark and need no cookie
UNTYPED = {"hidden", "submit", "button", "image", "reset"}


@dataclass
class Form:
    """A form of a page as a browser would send it: where, how, and what is filled in."""

    action: str
    method: str
    fields: dict[str, Any]
    buttons: list[str] = field(default_factory=list)


class Page:
    """One HTML page, read as a browser reads it."""

    def __init__(self, html: str, address: str = "") -> None:
        self.html, self.address = html, address
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False, strict=False)
        self.root: Element = parser.parse(html)
        self.parse_errors = [(place, code) for place, code, _ in parser.errors]

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of one tag whose attributes hold these values; class_ asks for one class among several."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [one for one in self.root.iter(tag) if all(_holds(one, name, value) for name, value in wanted.items())]

    @property
    def text(self) -> str:
        """What the page says, spaces evened out."""
        body = self.root.find("body")
        return words_of(body if body is not None else self.root)

    @property
    def title(self) -> str:
        return words_of(self.all("title")[0])

    @property
    def h1(self) -> str:
        return words_of(self.all("h1")[0])

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return [words_of(link) for box in self.all("div", class_="error-summary") for link in box.iter("a")]

    @property
    def links(self) -> dict[str, str]:
        """Address of each link by its words."""
        return {words_of(link): link.get("href", "") for link in self.all("a")}

    def form(self, action: str = "", *, button: str = "") -> Form:
        """The first form whose action ends so and which has such a button, filled in as the page came."""
        for form in self.all("form"):
            found = _form(form, self.address)
            if found.action.endswith(action) and (not button or button in found.buttons):
                return found
        raise AssertionError(
            f"no form {action or button!r} on {self.address}: {[_form(f, '').action for f in self.all('form')]}"
        )

    def faults(self) -> Iterator[str]:
        """Everything that is wrong with the page, whoever reads it."""
        yield from (
            f"not valid HTML at line {line}, column {column}: {code}" for (line, column), code in self.parse_errors
        )
        yield from self._faults_of_frame()
        yield from self._faults_of_headings()
        yield from self._faults_of_ids()
        yield from self._faults_of_scripts()
        yield from self._faults_of_forms()
        yield from self._faults_of_content()

    def faults_of_piece(self) -> Iterator[str]:
        """What can be wrong with a piece of a page."""
        yield from self._faults_of_scripts()
        yield from self._faults_of_content()

    def _faults_of_frame(self) -> Iterator[str]:
        if not self.html.lstrip().lower().startswith("<!doctype html>"):
            yield "no doctype"
        if not (self.root.get("lang") or "").startswith("en"):
            yield "no language"
        if len(self.all("title")) < 1 or not self.title:
            yield "no title"
        for tag in ("h1", "main"):
            if len(self.all(tag)) != 1:
                yield f"{len(self.all(tag))} <{tag}>, not one"
        for left in ("{{", "{%", "{#", "#}", "%}"):
            if left in self.html:
                yield f"template code was left in: {left}"

    def _faults_of_headings(self) -> Iterator[str]:
        level = 0
        for heading in self.root.iter():
            if heading.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                if int(heading.tag[1]) > level + 1:
                    yield f"<{heading.tag}> “{words_of(heading)}” skips a level"
                if not words_of(heading):
                    yield f"an empty <{heading.tag}>"
                level = int(heading.tag[1])

    def _faults_of_ids(self) -> Iterator[str]:
        ids = [one.get("id", "") for one in self.root.iter() if one.get("id") is not None]
        yield from (f"id “{twice}” is not the only one" for twice in sorted({one for one in ids if ids.count(one) > 1}))
        for one in self.root.iter():
            for name in IDREFS:
                for target in (one.get(name) or "").split():
                    if target not in ids:
                        yield f'<{one.tag} {name}="{target}"> points nowhere'
            href = one.get("href") or ""
            if one.tag == "a" and href.startswith("#") and href[1:] not in ids:
                yield f"link {href} points nowhere"

    def _faults_of_scripts(self) -> Iterator[str]:
        for one in self.root.iter():
            if one.tag == "script" and not one.get("src") and one.get("type") not in DATA_BLOCKS:
                yield "an inline script"
            if one.tag == "style":
                yield "an inline style sheet"
            for name in one.attrib:
                if name == "style" or name.startswith("on"):
                    yield f"<{one.tag}> has a {name} attribute"
            if (one.get("href") or "").lower().startswith("javascript:"):
                yield "a javascript: link"
            for name in ("src", "action") if one.tag != "link" else ("href",):
                if re.match(r"(https?:)?//", one.get(name) or ""):
                    yield f"<{one.tag}> asks another site: {one.get(name)}"

    def _faults_of_forms(self) -> Iterator[str]:
        labelled = {label.get("for") for label in self.all("label")}
        inside = {id(control) for label in self.all("label") for control in label.iter()}
        for form in self.all("form"):
            if (form.get("method") or "get").lower() == "post":
                if not form.get("action"):
                    yield "a form that posts without saying where"
                if not any(one.get("name") in SECURITY_MARKS for one in form.iter("input")):
                    yield f"form {form.get('action')} has no security mark"
        for tag in ("input", "select", "textarea"):
            for one in self.all(tag):
                if one.get("type") in UNTYPED:
                    continue
                if not (
                    one.get("id") in labelled
                    or id(one) in inside
                    or one.get("aria-label")
                    or one.get("aria-labelledby")
                ):
                    yield f"<{tag} name={one.get('name')}> has no label"

    def _faults_of_content(self) -> Iterator[str]:
        for one in self.root.iter():
            if allowed := ONLY_ITEMS.get(str(one.tag)):
                for child in one:
                    if isinstance(child.tag, str) and child.tag not in allowed | ALWAYS_ALLOWED:
                        yield f"<{child.tag}> stands directly in <{one.tag}>"
            if one.tag in ("a", "button") and not (words_of(one) or one.get("aria-label")):
                yield f"a <{one.tag}> without words: {one.attrib}"
            if one.tag == "a" and any(
                inner.tag in ("button", "input", "select", "a") for inner in one.iter() if inner is not one
            ):
                yield f"a link holds another control: {words_of(one)}"
            if one.tag == "img" and one.get("alt") is None:
                yield f"a picture without alt: {one.get('src')}"


def words_of(element: Element) -> str:
    """What an element says, spaces evened out; scripts and templates say nothing."""
    return re.sub(r"\s+", " ", "".join(_words(element))).strip()


def _words(element: Element) -> Iterator[str]:
    if element.tag in SILENT or not isinstance(element.tag, str):
        return
    edge = "" if element.tag in INLINE else " "
    yield edge + (element.text or "")
    for child in element:
        yield from _words(child)
        yield child.tail or ""
    yield edge


def _holds(element: Element, name: str, value: str) -> bool:
    if name == "class":
        return value in (element.get("class") or "").split()
    return element.get(name) == value


def _form(form: Element, address: str) -> Form:
    fields: dict[str, Any] = {}
    for one in form.iter():
        name = one.get("name")
        if not name or one.get("disabled") is not None:
            continue
        if one.tag == "textarea":
            fields[name] = (one.text or "").removeprefix("\n")
        elif one.tag == "select":
            options = list(one.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            fields[name] = chosen[0].get("value", chosen[0].text or "") if chosen else ""
        elif one.tag == "input" and one.get("type") in ("checkbox", "radio"):
            if one.get("checked") is not None:
                fields.setdefault(name, []).append(one.get("value", "on"))
        elif one.tag == "input" and one.get("type") not in ("submit", "button", "image", "file"):
            given = one.get("value", "")
            fields[name] = [*_listed(fields[name]), given] if name in fields else given  # a browser sends every one
    buttons = [words_of(one) for one in form.iter("button")]
    return Form(form.get("action") or address, (form.get("method") or "get").lower(), fields, buttons)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Pages(Client):
    """Django's test client; every HTML page it fetches is read and checked, and stands on the answer as `.page`."""

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        if (
            response.headers.get("Content-Type", "").startswith("text/html")
            and not response.streaming
            and response.content
        ):
            address = response.wsgi_request.get_full_path()
            response.page = Page(response.content.decode(), address)
            check(response, address, whole=not response.wsgi_request.headers.get("X-Part"))
        return response

    def submit(self, form: Form, **changed: Any) -> Any:
        """Send a form of a page as a browser would, with these fields filled in differently; None leaves one out."""
        fields = {name: value for name, value in {**form.fields, **changed}.items() if value is not None}
        return self.post(form.action, fields) if form.method == "post" else self.get(form.action, fields)


def check(response: HttpResponse, address: str, *, whole: bool = True) -> None:
    """Fail the test with everything that is wrong with a page, or with the piece of one that a script asked for."""
    page: Page = response.page  # type: ignore[attr-defined]
    faults = list(page.faults() if whole else page.faults_of_piece())
    if "Content-Security-Policy" not in response.headers:
        faults.append("no Content-Security-Policy")
    if faults:
        raise AssertionError(f"{address} ({response.status_code}):\n  " + "\n  ".join(faults))


@pytest.fixture
def pages(db: None) -> Pages:
    """A client that nobody has signed in to."""
    return Pages()
