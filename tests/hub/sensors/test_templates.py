"""Templates of devices: what honest ones say, and that hostile ones cost nothing."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant.templates import RESULT_CHARACTERS, Values, render

BODY = {
    "temperature": 21.57,
    "smoke": True,
    "nested": {"list": [1, 2]},
    "items": 3,
    "text": "x" * 1000,
    "word": "on",
    "quoted": '{"a": 5}',
    "nothing": None,
}


def say(template: str, body: object = BODY) -> str | None:
    return render(template, Values(body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ value_json.temperature }}", "21.57"),
        ("{{value_json['temperature']}}", "21.57"),
        ("{{ value_json.temperature | round(1) }}", "21.6"),
        ("{{ value_json.temperature | round(0) }}", "22"),
        ("{{ (value_json.temperature | float * 9 / 5 + 32) | round(2) }}", "70.83"),
        ("{{ value_json.smoke }}", "True"),
        ("{{ 'ON' if value_json.smoke else 'OFF' }}", "ON"),
        ("{% if value_json.smoke == true %}alarm{% else %}normal{% endif %}", "alarm"),
        ("{{ iif(value_json.smoke, 'ON', 'OFF') }}", "ON"),
        ("{{ value_json.nested.list[1] }}", "2"),
        ("{{ value_json.items }}", "3"),
        ("{{ value_json.get('word') | upper }}", "ON"),
        ("{{ value_json.word | replace('o', 'i') }}", "in"),
        ("{{ value_json.missing | default('OFF') }}", "OFF"),
        ("{{ value_json.missing | float(0) }}", "0"),
        ("{{ (value_json.quoted | from_json).a }}", "5"),
        ("{{ value_json.word in ['on', 'open'] }}", "True"),
        ("{{ value_json.temperature | is_defined | int }}", "21"),
        ("{{ value.split(':')[0] | length > 3 }}", "True"),
    ],
)
def test_what_devices_write(template: str, said: str) -> None:
    assert say(template) == said


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.missing }}",
        "{{ value_json.missing.deeper }}",
        "{{ value_json.missing | float }}",
        "{{ value_json.missing | round(1) }}",
        "{{ value_json.missing * 2 }}",
        "{{ value_json.missing | is_defined }}",
        "{{ value_json.nothing }}",
        "{{ value_json.word | float }}",
        "{{ unheard_of }}",
        "",
    ],
)
def test_what_the_message_does_not_hold_says_nothing(template: str) -> None:
    """A missing temperature is no temperature of 0 degrees."""
    assert say(template) is None


def test_a_payload_that_is_no_json_is_read_as_text() -> None:
    assert say("{{ value }}", b"ON") == "ON"
    assert say("{{ value_json.state }}", b"ON") is None
    assert say("{{ value | float + 1 }}", b"20.5") == "21.5"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ value_json.items * 10 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 999999999999 * 999999999999 * 999999999999 }}",
        "{% for n in range(1000000000) %}x{% endfor %}",
        "{% set a = value ~ value %}{{ a }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include '/etc/passwd' %}",
        "{{ value.__class__.__mro__ }}",
        "{{ value_json.__init__.__globals__ }}",
        "{{ ''.join(['a']) }}",
        "{{ value.ljust(1000000000) }}",
        "{{ value.format(1) }}",
        "{{ value_json.update({'a': 1}) }}",
        "{{ value_json.text | replace('x', value_json.text) }}",
        "{{ value_json.text ~ value_json.text ~ value_json.text }}",
        "{{ value | regex_replace('(a+)+$', '') }}",
        "{{ value | center(1000000000) }}",
        "{{ states('lock.door') }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__ }}{{ value.__len__() }}",
        "{{ " + "(" * 900 + "1" + ")" * 900 + " }}",
        "{{ " + "-" * 1500 + "1 }}",
        "{{ 1" + "+1" * 700 + " }}",
        "{{ value_json.items / 0 }}",
        "{{ value_json.temperature | round(400) }}",
        "{{ x" + "x" * 3000 + " }}",
        "{{ unclosed",
    ],
    ids=lambda template: template[:30],
)
def test_a_template_that_does_what_no_sensor_needs_is_refused(template: str) -> None:
    with pytest.raises(PayloadError) as refused:
        say(template)
    assert refused.value.reason == "template"


@settings(max_examples=300, deadline=None)
@given(template=st.text(alphabet="{}%value_json.|() 'a1*+~[]:,-", max_size=60))
def test_whatever_a_template_is_it_says_a_short_text_or_is_refused(template: str) -> None:
    said: str | None = None
    with contextlib.suppress(PayloadError):
        said = say("{{ " + template + " }}")
    assert said is None or len(said) <= RESULT_CHARACTERS
