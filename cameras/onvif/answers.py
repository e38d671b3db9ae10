"""Answers of devices: XML that may be hostile, as a small tree.

No document type, no entities, nothing fetched: SOAP forbids them, and so does this. Bytes, depth, number of elements,
attributes and length of texts are bounded, so an answer costs milliseconds and a few megabytes at most, whatever is in
it. Elements are found by their names without namespace, for devices agree on those alone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from cameras.reaching import AskingError, Problem

MOST_BYTES = 1 << 20
"""Of one answer. A recorder's 64 channels with all their profiles take some 400 kB."""

_MOST_DEPTH = 48
_MOST_ELEMENTS = 20_000
_MOST_ATTRIBUTES = 64
_MOST_CHARACTERS = 65_536


@dataclass(slots=True, eq=False)
class Node:
    """An element.

    Attributes:
        name: Without namespace.
        space: Its namespace, empty without.
        attributes: By name without namespace.
        text: What stands in it, without the texts of what is below it; without blanks around.
        children: What is below it, in order.
    """

    name: str
    space: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Node]:
        """Those right below it with this name."""
        return (child for child in self.children if child.name == name)

    def find(self, *path: str) -> Node | None:
        """The first one along a path of names."""
        node: Node | None = self
        for name in path:
            node = None if node is None else next(node.all(name), None)
        return node

    def text_of(self, *path: str) -> str:
        """The text at a path of names; empty where there is none."""
        found = self.find(*path)
        return "" if found is None else found.text

    def below(self, name: str) -> Iterator[Node]:
        """Those with this name anywhere below it."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def parse_xml(data: bytes) -> Node:
    """The tree of a document.

    Raises:
        AskingError: It is no XML, or more than an answer may be.
    """
    if len(data) > MOST_BYTES:
        raise AskingError(Problem.BROKE, f"an answer of more than {MOST_BYTES} bytes")
    growing = _Growing()
    parser = expat.ParserCreate(namespace_separator="\n")
    parser.buffer_text = True
    parser.StartElementHandler = growing.start
    parser.EndElementHandler = growing.end
    parser.CharacterDataHandler = growing.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: encodings that nobody knows
        raise AskingError(Problem.NOT_A_CAMERA, f"no XML: {str(error)[:120]}") from None
    if growing.root is None:
        raise AskingError(Problem.NOT_A_CAMERA, "no XML: empty")
    return growing.root


def xml_of(node: Node) -> str:
    """The element as XML again; for what a device wants to be given back as it was."""
    space = f" xmlns={quoteattr(node.space)}" if node.space else ' xmlns=""'
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes.items())
    inside = escape(node.text) + "".join(map(xml_of, node.children))
    return f"<{node.name}{space}{attributes}>{inside}</{node.name}>"


def _refuse(*_: object) -> int:
    raise AskingError(Problem.NOT_A_CAMERA, "a document type or entity, which no answer has")


class _Growing:
    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[Node, list[str]]] = []
        self._elements = 0
        self._characters = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS or len(self._open) >= _MOST_DEPTH or len(attributes) > _MOST_ATTRIBUTES:
            raise AskingError(Problem.BROKE, "an answer with more elements, levels or attributes than one has")
        space, _, local = name.rpartition("\n")
        plain = {key.rpartition("\n")[2]: value for key, value in attributes.items()} if attributes else {}
        node = Node(local, space, plain)
        if self._open:
            self._open[-1][0].children.append(node)
        elif self.root is None:
            self.root = node
        self._open.append((node, []))
        self._characters = 0

    def end(self, _name: str) -> None:
        node, texts = self._open.pop()
        node.text = "".join(texts).strip()
        self._characters = 0

    def text(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise AskingError(Problem.BROKE, "an answer with a text longer than one has")
        if self._open:
            self._open[-1][1].append(text)
