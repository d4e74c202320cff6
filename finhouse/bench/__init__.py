"""Benchmarks: figures beside a baseline measured in the same run, without pass or fail."""
