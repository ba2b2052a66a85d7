"""How a kernel is reached: connection string, credentials, TLS, channel."""
