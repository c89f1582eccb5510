"""The command line: the one place that knows both drivers and adapters."""
