"""Finds and masks personal data in English and Korean text, validates its quality, and certifies what is left."""
