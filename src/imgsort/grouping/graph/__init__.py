"""Groups rows by the graph of their nearest neighbours."""
