"""What the synthetic sample is made of: templates per language (`en.toml`, `ko.toml`) and the values planted in them."""
