"""How a name model is made: `python -m govern.ner.recipe --shared DIR --out FOLDER --work FOLDER`."""
