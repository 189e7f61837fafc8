"""Korean identifiers by context: connecting and duplication information (CI, DI)."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
