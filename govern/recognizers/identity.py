"""Identity numbers of people outside Korea, and customer numbers: by shape, checksum and context."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
