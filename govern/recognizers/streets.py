"""Street addresses in English, where the text says that one follows."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
