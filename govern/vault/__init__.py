"""The vault: one encrypted file outside every corpus for values that must come back one day.

`store` makes it and adds segments, `segment` writes what one shard puts in, `access` reveals, rotates and shreds with both
keys and the ledger, `keys` are the two holders', `file` is the format.
"""
