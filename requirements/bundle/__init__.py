"""Makes the bundle that an administrator carries to a machine with no network: `make bundle`.

`locks` reads the pins and their hashes, `wheels` what a wheel says of itself, `wheelhouse` gathers and checks, `sbom` states
what is inside, `folder` writes the rest beside it and packs it all.
"""
