"""Room: store.migrations. Dated, linear revisions of the schema. Never edited once released."""
