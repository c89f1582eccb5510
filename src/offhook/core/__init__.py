"""All decisions. No I/O, no clock, no chance: what is slow or random is an effect going out and an event coming in."""
