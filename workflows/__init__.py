"""The processes as durable workflows. Read closure.py first, then case.py."""
