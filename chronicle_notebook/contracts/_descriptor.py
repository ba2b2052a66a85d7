"""The compiled webhook file of the contract as it was published at 19.29.4, for the kernel's compatibility check.

The check compares everything that a client declares, presence included. The file in ``wire`` marks some fields as
``optional``, to tell absent from false; here that is taken back, so that what is sent is the real file. Imported files
are left out: the check looks only at what is sent.
"""

from functools import cache

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from chronicle_notebook.contracts.wire import webhooks_pb2

PROTOCOL_VERSION = "19.29.4"
"""The release whose contract this is."""


@cache
def webhook_descriptor_set() -> bytes:
    """A serialized ``FileDescriptorSet`` with the webhook file alone."""
    file = FileDescriptorProto.FromString(webhooks_pb2.DESCRIPTOR.serialized_pb)
    file.name = "observation_webhooks.proto"
    file.dependency[:] = ["protobuf-net/bcl.proto"]
    for message in file.message_type:
        for field in message.field:
            if field.proto3_optional:
                field.ClearField("proto3_optional")
                field.ClearField("oneof_index")
        # This contract has no oneof of its own, so each that is there was made by `optional`.
        del message.oneof_decl[:]
    return FileDescriptorSet(file=[file]).SerializeToString(deterministic=True)
