"""What Airflow runs: the same functions as the command line, with an orchestrator's manners."""
