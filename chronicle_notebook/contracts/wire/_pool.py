"""The descriptor pool of the generated modules.

Chronicle's own client packages use the same file-independent message names, and one pool cannot hold two definitions
of a name. With a pool of its own this package lives beside them in one process.
"""

from google.protobuf import descriptor_pool, empty_pb2

POOL = descriptor_pool.DescriptorPool()
POOL.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
