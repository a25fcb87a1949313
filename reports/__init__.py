"""报告: pages that the firm reads and keeps, each one file that opens anywhere."""
