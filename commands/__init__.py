"""The commands of starter.py, grouped by concern. starter.py names them and loads only the one that is called."""
