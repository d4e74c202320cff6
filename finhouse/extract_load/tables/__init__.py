"""Loading the tables of an OLTP database: full, incremental, append, or only some rows."""
