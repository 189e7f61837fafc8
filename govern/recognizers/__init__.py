"""What finds personal data: rules for numbers and addresses, rules for names in two languages, an optional pipeline.

`presidio` takes patterns and validators from presidio-analyzer; `korean`, `phones`, `births` and `english` are ours;
`rule` says how a rule runs, `shadow` what it reads. Findings are `Hit`s in the shadow; `govern.detect` maps them back.
"""
