"""The descriptor pool of the generated modules.

Chronicle's own client packages use the same message names, and a pool cannot contain two definitions of a name. With
its own pool, this package can be loaded together with them.
"""

from google.protobuf import descriptor_pool, empty_pb2

POOL = descriptor_pool.DescriptorPool()
POOL.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
