"""Payment cards: primary account numbers (ISO/IEC 7812), security codes and PINs (PCI DSS 3.3.1)."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
