create database airflow;
create database pulse;
