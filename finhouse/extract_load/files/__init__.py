"""Loading a folder of CSV files, each of them once."""
