"""What every file in alerts/notifiers/ must fulfil, without being listed here."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.plugins import load_plugins

NOTIFIERS = load_plugins("alerts.notifiers")


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_it_says_in_one_sentence_what_it_is(kind: str) -> None:
    assert NOTIFIERS[kind].summary.endswith(".")
    assert NOTIFIERS[kind].kind == kind


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_an_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="no_such_option"):
        NOTIFIERS[kind].options.model_validate({"no_such_option": 1})
