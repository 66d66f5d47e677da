"""Results for people and machines: feedback pages, tables, the gradebook."""
