"""Korean bank accounts: layouts of the banks, with a bank name or 계좌 beside them."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
