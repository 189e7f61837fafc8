"""The tuning loop: what was masked most and what was missed, on pages for a person, whose answers become list entries.

`groups` counts what a run masked, `misses` draws documents to read, `page` writes either as one offline page, `answers`
reads what the page downloaded, and `learn` turns it into entries of `govern.lists`. No raw value is read on the way: the
pages show certified text alone.
"""
