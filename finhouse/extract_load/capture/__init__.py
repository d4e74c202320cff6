"""Change data capture: replication slots, and the keys that the source's log says changed."""
