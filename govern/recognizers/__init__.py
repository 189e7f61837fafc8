"""What finds personal data: rules for numbers and addresses, rules for names in two languages, an optional pipeline.

`rule` says how a rule runs; `korean*`, `births`, `phones`, `cards`, `banking`, `identity`, `network`, `secrets` and `streets`
are ours, `presidio` takes patterns and validators from presidio-analyzer. `financial*` find what is no personal data and
vetoes. All of them read a shadow (`govern.normalize`); findings are `Hit`s in it, and `govern.detect` maps them back.
"""
