"""Room: store. The database: typed tables, the one door from a viewer to rows, search, migrations. Never a policy."""
