"""What a webhook can refer to: event stores, namespaces, event types and event sequences."""
