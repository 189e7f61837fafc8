"""Operators: what stands for a value that was found (`govern.treatment` chooses one by the policy)."""
