"""Look after the webhooks of a Cratis Chronicle event store."""
