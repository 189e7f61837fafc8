"""Addresses and secrets of machines: MAC, URLs with user information, API keys of well-known formats."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
