"""Backup and restore of the warehouse, and the doctor that finds what a kill or a fault left."""
