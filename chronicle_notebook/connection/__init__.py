"""How a kernel is reached: connection string, credentials and tokens, TLS, clusters, channel."""
