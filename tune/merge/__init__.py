"""An adapter and its base become one model, or a base with the new rows beside a pure LoRA adapter; measured, and recorded."""
