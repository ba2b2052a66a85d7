"""Reading webhooks: the list, the DataFrame, its filters, and live lists."""
