"""Values that cross a boundary: Temporal messages, files and commands. They import nothing of ours."""
