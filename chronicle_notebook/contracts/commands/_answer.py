"""The answer to a list of webhooks, of which only the envelope is read at first."""

from __future__ import annotations

from chronicle_notebook.contracts.wire import webhook_rows_pb2


class WebhookAnswer:
    """An answer with webhooks: its bytes, and its envelope with the bytes of each webhook.

    Reading it as columns takes the envelope away.
    """

    __slots__ = ("data", "rows")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.rows = webhook_rows_pb2.WebhookRows.FromString(data)

    def __repr__(self) -> str:
        # The bytes contain the values of headers.
        return f"<WebhookAnswer, {len(self.data)} bytes>"

    @classmethod
    def FromString(cls, data: bytes) -> WebhookAnswer:  # noqa: N802 - as a message is read
        """Read an answer. Raises DecodeError."""
        return cls(data)
