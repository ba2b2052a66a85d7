"""A local HTTP endpoint that records what a kernel delivers, and can misbehave on purpose.

::

    with cn.Receiver() as endpoint:
        client.webhooks.register("orders", endpoint.url_for("orders"))
        endpoint.misbehave(status=500, times=2)
        endpoint.wait_for(3, where=lambda delivery: delivery.name == "orders")

How it hangs together: ``_receiver`` is the object people hold; ``_endpoint`` is the thread and the port; ``_intake``
makes a delivery of a request; ``_conduct`` decides how it is answered; ``_journal`` keeps it; ``_delivery`` and
``_list`` are the values. Only ``_endpoint`` and ``_intake`` know aiohttp, and they are imported when a receiver starts.
"""

from chronicle_notebook.receiver._delivery import Delivery
from chronicle_notebook.receiver._headers import Headers
from chronicle_notebook.receiver._list import DeliveryList
from chronicle_notebook.receiver._receiver import Receiver

__all__ = ["Delivery", "DeliveryList", "Headers", "Receiver"]
