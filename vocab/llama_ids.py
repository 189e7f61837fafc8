"""The ids that llama.cpp gives to texts, in a process of its own: what ends the engine must not end the caller.

    python -P llama_ids.py FILE.gguf < TEXTS

In: lines with a JSON string each. Out: for each, as soon as it is encoded, a line with a JSON list of ids; special tokens in
a text are read as such, and none is put before or after it. Stands alone, so that nothing of the package is loaded.
"""

import importlib
import json
import sys


def main() -> None:
    """Reads texts from the standard input until it ends."""
    model = importlib.import_module("llama_cpp").Llama(sys.argv[1], vocab_only=True, n_ctx=8, verbose=False)
    for line in sys.stdin:
        ids = model.tokenize(json.loads(line).encode(), add_bos=False, special=True)
        sys.stdout.write(json.dumps(ids) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
