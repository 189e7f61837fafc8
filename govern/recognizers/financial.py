"""What finance writes that is no personal data: identifiers of securities and firms, amounts, dates, periods, laws.

Their findings veto weak personal labels on the same characters; `entity_type` says what they are.
"""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
