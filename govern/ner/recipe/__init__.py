"""How the bundled name model was made: `python -m govern.ner.recipe --shared DIR --out FOLDER --work FOLDER`."""
