"""A sentence in both languages, for what staff are told outside the notices."""

from typing import NamedTuple


class Said(NamedTuple):
    """A sentence in both languages."""

    en: str
    zh: str

    def filled(self, **values: "str | Said") -> "Said":
        """With its values in the braces, each the same in both languages or in its own."""
        english = {name: value.en if isinstance(value, Said) else value for name, value in values.items()}
        chinese = {name: value.zh if isinstance(value, Said) else value for name, value in values.items()}
        return Said(self.en.format(**english), self.zh.format(**chinese))
