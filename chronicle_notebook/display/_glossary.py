"""The words of Chronicle that label tables and cards, each with a sentence that explains it."""

from __future__ import annotations

GLOSSARY = {
    "kernel": "The server of Chronicle.",
    "event store": "The database of one application or domain, for example banking.",
    "namespace": "A tenant of an event store.",
    "event": "Something that happened, for example that an account was opened.",
    "event type": "The kind of an event, for example AccountOpened.",
    "event source": "What an event happened to, for example account-1.",
    "event sequence": "A numbered list of events.",
    "tail": "The number of the last event of an event sequence.",
    "webhook": "The definition of a target URL, its event types, headers and credentials.",
    "target": "The HTTP endpoint of a webhook.",
    "observer": "The part of the kernel that follows an event sequence for a webhook, one in each namespace.",
    "replayable": "Whether an observer may start again from the first event.",
    "handled": "Delivered, and the target answered.",
    "lag": "The number of events between the position of an observer and the tail.",
    "partition": "The events of one event source, as an observer sees them.",
    "failed partition": "A partition whose delivery failed.",
    "given up": "After 11 failed attempts the kernel tries a partition no more.",
    "circuit": "A guard around requests: after several failures the kernel sends nothing for some seconds.",
    "wire generation": "The form of the calls between a client and a kernel: commands from 16.38 on, classic before.",
    "known defects": "The bugs of a kernel release that concern webhooks.",
}
"""The first sentence of each entry of ``docs/glossary.md``, in the order of the page; a test compares them."""

_ALSO = {
    "namespaces": "namespace",
    "event types": "event type",
    "sequence": "event sequence",
    "webhooks": "webhook",
    "partitions": "partition",
    "failing partitions": "failed partition",
    "quarantine": "given up",
    "quarantined": "given up",
    "defect": "known defects",
    "events waited": "event",
    "target url": "target",
    "circuit open": "circuit",
    "shared circuit open": "circuit",
    "observer quarantined": "observer",
}
"""Other forms of the words, as labels have them."""


def explanation(label: str) -> str:
    """The sentence that explains a label, or the name of a field; empty if it is no word of the glossary."""
    word = label.casefold().replace("_", " ")
    return GLOSSARY.get(_ALSO.get(word, word), "")
