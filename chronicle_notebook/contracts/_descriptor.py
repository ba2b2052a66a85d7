"""The compiled webhook file of the contract as published at 19.29.4, for the kernel's compatibility check.

The check compares everything that a client declares, including field presence. The file in ``wire`` marks some fields
as ``optional``, to tell a missing value from false. This module removes these marks, so that the client sends the real
file. Imported files are left out, because the check looks only at the file that is sent.
"""

from functools import cache

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from chronicle_notebook.contracts.wire import webhooks_pb2

PROTOCOL_VERSION = "19.29.4"
"""The release of this contract."""


@cache
def webhook_descriptor_set() -> bytes:
    """A serialized ``FileDescriptorSet`` with only the webhook file."""
    file = FileDescriptorProto.FromString(webhooks_pb2.DESCRIPTOR.serialized_pb)
    file.name = "observation_webhooks.proto"
    file.dependency[:] = ["protobuf-net/bcl.proto"]
    for message in file.message_type:
        for field in message.field:
            if field.proto3_optional:
                field.ClearField("proto3_optional")
                field.ClearField("oneof_index")
        # This contract has no oneof of its own, so each oneof here comes from `optional`.
        del message.oneof_decl[:]
    return FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)
