"""What feeds events to the machine and performs what it orders. Siblings do not know each other."""
