"""What a webhook can refer to: event stores, namespaces, event types and event sequences."""

from chronicle_notebook.events._observers import failed_partition_listing, observer_listing

__all__ = ["failed_partition_listing", "observer_listing"]
