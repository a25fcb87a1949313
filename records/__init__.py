"""What is kept: tables, migrations, transactions, effects done once, the trail. For gateways and activities only."""
