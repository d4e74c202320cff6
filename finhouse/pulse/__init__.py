"""Pulse: monitors on what is published, and questions in plain words.

A monitor is a query, a condition and a frequency. The runner judges each publication once, keeps
alerts, and logs every execution; people acknowledge alerts and say whether they were right. Its
tables are those of ``finhouse.pulse_tables``.
"""
