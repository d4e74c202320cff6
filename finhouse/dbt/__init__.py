"""dbt as the rest of the package knows it: its process, its packages, and what its files say."""
