"""The KPI API: what dashboards show, for programs; read-only, from the publication alone."""
