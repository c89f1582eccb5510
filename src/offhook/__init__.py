"""offhook: Amazon Connect contact flows, run anywhere."""

__version__ = "0.1.0"
