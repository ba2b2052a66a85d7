"""How deliveries go: how far each webhook has come in each namespace, and which partitions fail."""

from chronicle_notebook.observers._listings import failed_partition_listing, observer_listing, retry_listing

__all__ = ["failed_partition_listing", "observer_listing", "retry_listing"]
