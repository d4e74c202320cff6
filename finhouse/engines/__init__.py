"""What an engine needs before anything can run on it: a Spark session, a Snowflake account."""
