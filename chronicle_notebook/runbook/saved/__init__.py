"""The file with the definitions of paused webhooks, and how to register them again."""
