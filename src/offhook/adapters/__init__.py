"""What carries out effects, one kind each. Adapters satisfy the ports of drivers by shape and do not import them."""
