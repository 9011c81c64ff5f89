"""Which tasks take part in a step."""
