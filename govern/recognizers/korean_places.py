"""Korean places: road-name and lot addresses, vehicle plates."""

from govern.recognizers.rule import Rule

RULES: tuple[Rule, ...] = ()
