"""GUIDs as protobuf-net writes them: two little-endian halves of .NET's byte order (``bcl.Guid``)."""

from uuid import UUID

from chronicle_notebook.contracts.wire import bcl_pb2


def guid_to_wire(value: UUID) -> bcl_pb2.Guid:
    """The message for a GUID; the zero GUID is an empty message."""
    raw = value.bytes_le
    return bcl_pb2.Guid(lo=int.from_bytes(raw[:8], "little"), hi=int.from_bytes(raw[8:], "little"))


def guid_from_wire(message: bcl_pb2.Guid) -> UUID:
    """The GUID of a message; an absent or empty message is the zero GUID."""
    return UUID(bytes_le=message.lo.to_bytes(8, "little") + message.hi.to_bytes(8, "little"))
