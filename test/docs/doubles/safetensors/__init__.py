"""A double of the Python package safetensors, with the two functions that docs/migrate-from-pytorch.md uses."""
