"""The root of every error of this project, and what is wrong in settings.

HubError                    anything this project raises on purpose; the other packages' trees hang below it
+-- ConfigurationError      settings that cannot be used; holds every Mistake found
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.says import Says, in_chinese


class HubError(Exception):
    """Anything this project raises on purpose."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a configuration file.

    Attributes:
        file: The file, or None when the text came from elsewhere (an API body).
        path: Where in it, as `cameras[3].main.url`; empty for the whole file.
        message: What is wrong and what to write instead, in both languages; one sentence, never holds a secret.
        line: Line in the file, from 1; None when it is not known.
    """

    file: Path | None
    path: str
    message: Says
    line: int | None = None

    @property
    def message_zh(self) -> str:
        """The message in Chinese."""
        return in_chinese(self.message)

    def __str__(self) -> str:
        place = str(self.file or "")
        if place and self.line is not None:
            place = f"{place}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigurationError(HubError):
    """Settings that cannot be used.

    Attributes:
        mistakes: All that were found, never empty.
    """

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
