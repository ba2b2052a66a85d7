"""A local HTTP endpoint that records the deliveries of a kernel, and can misbehave on purpose.

::

    with cn.Receiver() as endpoint:
        client.webhooks.register("orders", endpoint.url_for("orders"))
        endpoint.misbehave(status=500, times=2)
        endpoint.wait_for(3, where=lambda delivery: delivery.name == "orders")

The modules: ``_receiver`` is the public object; ``_endpoint`` is the thread and the port; ``_intake`` turns a request
into a delivery; ``_conduct`` decides the answer; ``_journal`` stores the delivery; ``_delivery`` and ``_list`` are the
values. Only ``_endpoint`` and ``_intake`` use aiohttp, and they are imported when a receiver starts.
"""

from chronicle_notebook.receiver._delivery import Delivery
from chronicle_notebook.receiver._headers import RequestHeaders
from chronicle_notebook.receiver._list import DeliveryList
from chronicle_notebook.receiver._receiver import Receiver

__all__ = ["Delivery", "DeliveryList", "Receiver", "RequestHeaders"]
