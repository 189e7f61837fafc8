"""Bank identifiers outside Korea: IBAN, SWIFT/BIC, ABA routing numbers, account numbers."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
