"""What Airflow runs: the same functions as the command line, with retries, deadlines and alerts."""
