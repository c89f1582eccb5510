"""Flow files to flows and back: any container, both formats, nothing lost. Knows blocks only by the catalogue given."""
