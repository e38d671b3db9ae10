"""Template: a device's Jinja expression that takes one value out of a message, run so that it can do no harm.

Templates come from whoever may publish to the broker. What must hold whatever they say: nothing but the message is
reached, no time is spent and no memory taken beyond a small multiple of the message, nothing is invented. So the
grammar is a list of node types (no loops, variables, macros, imports: a text that is put together of itself again and
again grows without bound), filters, tests and methods are lists of ours, products are
of numbers only, and texts that grow are bounded. A value that the message does not hold says nothing: `Undefined` is
never turned into 0. Compiled once and cached; rendering is safe from any thread.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.sensors.errors import PayloadError
from hub.sensors.parsing import NUMBER_CHARACTERS, read_json

SOURCE_CHARACTERS = 2_000
NODES = 150
"""A template may have so many parts; the longest that Zigbee2MQTT, ESPHome or OpenMQTTGateway write has about 40."""

DEPTH = 40
TEXT_CHARACTERS = 65_536
"""No text within a template grows beyond a message."""

RESULT_CHARACTERS = 1_024
GREATEST = 1e18
CACHED = 2_000

_METHODS = frozenset({"get", "split", "strip", "lstrip", "rstrip", "lower", "upper", "startswith", "endswith"})
_GRAMMAR: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.Keyword,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Compare,
    nodes.Operand,
    nodes.Concat,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
)
_MISSING = object()


def render(source: str, message: Values) -> str | None:
    """What the template says of a message.

    Returns:
        The text; None when the message does not hold what the template asks for, or it says nothing.

    Raises:
        PayloadError: `template`: it cannot be used, or fails on this message.
    """
    template = compiled(source)
    try:
        parts: list[str] = []
        room = RESULT_CHARACTERS
        for part in template.generate(message.variables()):
            room -= len(part)
            if room < 0:
                raise PayloadError("template", f"it says more than {RESULT_CHARACTERS} characters")
            parts.append(part)
    except UndefinedError:
        return None
    except (TemplateError, ArithmeticError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise PayloadError("template", f"{type(error).__name__}: {error}"[:200]) from error
    text = "".join(parts).strip()
    return None if text in {"", "None", "none", "null"} else text


@functools.lru_cache(maxsize=CACHED)
def compiled(source: str) -> Template:
    """The template, checked.

    Raises:
        PayloadError: `template`, with what is not allowed in it.
    """
    if len(source) > SOURCE_CHARACTERS:
        raise PayloadError("template", f"it has {len(source)} characters, at most {SOURCE_CHARACTERS} are read")
    try:
        _check(_ENVIRONMENT.parse(source))
        return _ENVIRONMENT.from_string(source)
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise PayloadError("template", f"{type(error).__name__}: {error}"[:200]) from error


class Values:
    """A message as its templates see it: `value`, and `value_json` when it is JSON. Made once for all of them."""

    def __init__(self, payload: bytes) -> None:
        """Read nothing yet."""
        self._payload = payload
        self._made: Mapping[str, Any] | None = None

    @functools.cached_property
    def text(self) -> str:
        """The payload as text; what is no UTF-8 is replaced."""
        return self._payload.decode(errors="replace").strip()

    @functools.cached_property
    def json(self) -> object:
        """The payload as JSON, None when it is none."""
        try:
            return read_json(self._payload)
        except PayloadError:
            return None

    def variables(self) -> Mapping[str, Any]:
        """What a template may name."""
        if self._made is None:
            made: dict[str, Any] = {"value": self.text}
            if self.json is not None:
                made["value_json"] = self.json
            self._made = made
        return self._made


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            raise UndefinedError(f"operand of {operator}")
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _bounded(left + right)
        result = super().call_binop(context, operator, _number(left), _number(right))
        return _number(result)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Keys of JSON are items, not attributes; of the attributes proper only a few methods are reached."""
        del value
        return isinstance(obj, str | dict) and attr in _METHODS

    def wrap_str_format(self, value: Any) -> None:
        """No `format` of texts at all."""
        del value

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of an object first: `value_json.items` is what the device calls so."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def _check(tree: nodes.Template) -> None:
    stack: list[tuple[nodes.Node, int]] = [(tree, 0)]
    count = 0
    while stack:
        node, depth = stack.pop()
        count += 1
        if count > NODES or depth > DEPTH:
            raise SecurityError("too long")
        if not isinstance(node, _GRAMMAR):
            raise SecurityError(f"{type(node).__name__.lower()} is not allowed")
        if isinstance(node, nodes.Name) and (node.name == "self" or node.name.startswith("_")):
            raise SecurityError(f"{node.name} is not allowed")
        if isinstance(node, nodes.Call):
            called = node.node
            is_function = isinstance(called, nodes.Name) and called.name in _FUNCTIONS
            is_method = isinstance(called, nodes.Getattr) and called.attr in _METHODS
            if node.dyn_args is not None or node.dyn_kwargs is not None or not (is_function or is_method):
                raise SecurityError("this call is not allowed")
        stack.extend((child, depth + 1) for child in node.iter_child_nodes())


def _number(value: Any) -> int | float:
    """A number that is no larger than any measurement."""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int | float) or abs(value) > GREATEST or math.isnan(value):
        raise PayloadError("template", "reckons with something that is no number, or too great a one")
    return value


def _bounded(text: str) -> str:
    if len(text) > TEXT_CHARACTERS:
        raise PayloadError("template", "a text grows too long")
    return text


def _there(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedError("not in the message")
    return value


def _float(value: Any, default: Any = _MISSING) -> Any:
    return _converted(float, value, default)


def _int(value: Any, default: Any = _MISSING, base: Any = 10) -> Any:
    if isinstance(value, str) and base != 10:  # noqa: PLR2004
        return _converted(lambda text: int(text, base), value, default)
    return _converted(lambda number: int(float(number)), value, default)


def _converted(convert: Callable[[Any], int | float], value: Any, default: Any) -> Any:
    if not isinstance(value, Undefined) and not (isinstance(value, str) and len(value) > NUMBER_CHARACTERS):
        try:
            return convert(value)
        except (ValueError, TypeError, OverflowError):
            pass
    if default is _MISSING:
        raise UndefinedError("no number")
    return default


def _round(value: Any, precision: Any = 0, method: Any = "common", default: Any = _MISSING) -> Any:
    number = _float(value, default)
    if not isinstance(number, int | float):
        return number
    places = int(precision)
    if not -9 <= places <= 9 or not math.isfinite(number):  # noqa: PLR2004
        raise PayloadError("template", "rounds to a place that no measurement has")
    if method in {"ceil", "floor"}:
        turn = math.ceil if method == "ceil" else math.floor
        number = turn(number * 10**places) / 10**places
    else:
        number = round(number, places)
    return int(number) if places <= 0 else number


def _default(value: Any, other: Any = "", boolean: Any = False) -> Any:  # noqa: FBT002 - as Jinja calls it
    return other if isinstance(value, Undefined) or (boolean and not value) else value


def _text(value: Any) -> str:
    return _bounded(str(_there(value)))


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = _text(value), str(old), str(new)
    if len(text) + text.count(old) * max(0, len(new) - len(old)) > TEXT_CHARACTERS:
        raise PayloadError("template", "a text grows too long")
    return text.replace(old, new)


def _bool(value: Any, default: Any = _MISSING) -> Any:
    words = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
    found = words.get(str(value).strip().lower()) if not isinstance(value, Undefined) else None
    if found is None:
        if default is _MISSING:
            raise UndefinedError("neither true nor false")
        return default
    return found


def _from_json(value: Any) -> Any:
    text = _text(value)
    if len(text) > SOURCE_CHARACTERS:
        raise PayloadError("template", "JSON within JSON is too long")
    return read_json(text.encode())


def _to_json(value: Any) -> str:
    return _bounded(json.dumps(_there(value)))


def _iif(value: Any, yes: Any = True, no: Any = False, none: Any = _MISSING) -> Any:  # noqa: FBT002 - as it is called
    if none is not _MISSING and value is None:
        return none
    return yes if value else no


def _is_number(value: Any) -> bool:
    return bool(_converted(lambda one: math.isfinite(float(one)), value, False))


_FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "float": _float,
        "int": _int,
        "round": _round,
        "abs": lambda value: abs(_number(_there(value))),
        "is_defined": _there,
        "default": _default,
        "d": _default,
        "string": _text,
        "lower": lambda value: _text(value).lower(),
        "upper": lambda value: _text(value).upper(),
        "title": lambda value: _text(value).title(),
        "capitalize": lambda value: _text(value).capitalize(),
        "trim": lambda value: _text(value).strip(),
        "replace": _replace,
        "bool": _bool,
        "iif": _iif,
        "length": lambda value: len(_there(value)),
        "count": lambda value: len(_there(value)),
        "first": lambda value: _there(value)[0],
        "last": lambda value: _there(value)[-1],
        "min": lambda value: min(_there(value)),
        "max": lambda value: max(_there(value)),
        "multiply": lambda value, by: _number(_number(_there(value)) * _number(by)),
        "add": lambda value, to: _number(_number(_there(value)) + _number(to)),
        "from_json": _from_json,
        "to_json": _to_json,
        "tojson": _to_json,
    }
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"float": _float, "int": _int, "bool": _bool, "iif": _iif, "is_number": _is_number}
)
_TESTS = ("defined", "undefined", "none", "number", "string", "mapping", "true", "false", "eq", "equalto", "==", "ne")
_MORE_TESTS = (
    "!=",
    "gt",
    "greaterthan",
    ">",
    "lt",
    "lessthan",
    "<",
    "ge",
    ">=",
    "le",
    "<=",
    "in",
    "boolean",
    "integer",
)


def _environment() -> _Environment:
    made = _Environment(autoescape=False, optimized=False, undefined=StrictUndefined, cache_size=0)
    made.filters = dict(_FILTERS)
    made.tests = {name: made.tests[name] for name in (*_TESTS, *_MORE_TESTS)}
    made.globals = dict(_FUNCTIONS)
    return made


_ENVIRONMENT = _environment()
