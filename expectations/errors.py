"""The errors of `expectations`: a suite that cannot decide is an error, never a pass."""


class SuiteError(Exception):
    """A suite does not load, so nothing is decided; the message says where, what and the remedy."""


class SuiteNotFoundError(SuiteError):
    """No suite has this name, or its file cannot be read: a usage error, not a gate's refusal."""
