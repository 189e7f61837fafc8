"""Groups of commands of `govern`, one file each: `add(commands)` registers them, and loads nothing heavy."""
