"""The table of the magics: their names, arguments, flags and descriptions.

Parsing, ``--help``, ``%webhook?``, completion and the README all use it.
"""

from __future__ import annotations

from chronicle_notebook.magics._command import Argument, Command, Flag, Magic
from chronicle_notebook.model._authorization import kind_names

STYLES = ("python", "cell", "yaml")

_WEBHOOK_ID = Argument("ID", "the id of a registered webhook", names="webhooks")
_YES = Flag("--yes", "do not ask")
_PARTITION = Flag("--partition", "only this event source", value="ID")
_PLANNED = Flag("--dry-run", "start nothing; show what would be sent")
_STORE = Flag("--store", "the event store", value="NAME", names="stores")
_NAMESPACE = Flag("--namespace", "the namespace", value="NAME", names="namespaces")

_FILE = Argument("FILE", "a YAML file of webhooks", names="files")
_PROFILE = Flag("--profile", "the profile whose variables count in the file", value="NAME")
_PLANNING = (
    _PROFILE,
    Flag("--prune", "remove what the file owns and does not name"),
    Flag("--replace", "remove and register again where the kernel ignores a change"),
    Flag("--resend-secrets", "send credentials that cannot be compared, as for a rotation"),
)

CHRONICLE = Magic(
    "%chronicle",
    "The connection to a kernel, and its contents.",
    (
        Command(
            "", "Show the kernel, the identity of the client, and the time of one answer.", python="client.status()"
        ),
        Command(
            "connect",
            "Connect, and make this the current client. Without CONNECTION, $CHRONICLE_CONNECTION_STRING or a sandbox.",
            (Argument("CONNECTION", "a connection string, or env:NAME or var:NAME that holds one", required=False),),
            (
                _STORE,
                _NAMESPACE,
                Flag("--as", "the name of the client", value="NAME", names="clients"),
            ),
            python="cn.connect(...)",
        ),
        Command(
            "use",
            "Make a client the current one, or give it another event store or namespace. Without arguments: list all.",
            (Argument("NAME", "the name of a client; by default the current one", required=False, names="clients"),),
            (_STORE, _NAMESPACE),
            python="cn.use(...)",
        ),
        Command("stores", "List the event stores.", python="client.event_stores()"),
        Command("namespaces", "List the namespaces of the event store.", python="client.namespaces()"),
        Command(
            "event-types",
            "List the event types, with their generation and their active webhooks.",
            python="client.listened_event_types()",
        ),
        Command(
            "sequences",
            "List the event sequences, with the number of the last event.",
            python="client.event_sequences()",
        ),
        Command(
            "doctor",
            "Check the way to the kernel: name, port, TLS, token, contract, event store, namespace, permission.",
            (
                Argument(
                    "CONNECTION",
                    "a connection string, or env:NAME or var:NAME that holds one; that of the current client unless "
                    "given",
                    required=False,
                ),
            ),
            python="client.doctor()",
        ),
        Command(
            "sandbox",
            "Start, stop or reset the sandbox kernel inside this process.",
            (
                Argument(
                    "ACTION",
                    "start it and connect; stop it and delete its data; or reset it to the demo",
                    choices=("start", "stop", "reset"),
                ),
            ),
            python="cn.start_sandbox()",
        ),
    ),
)

WEBHOOKS = Magic(
    "%webhooks",
    "All webhooks of the event store, as a DataFrame.",
    (
        Command(
            "",
            "Return the webhooks that match every filter: df = %webhooks --active --event-type AccountOpened",
            (),
            (
                Flag("--event-type", "webhooks with this event type", value="T", names="event_types"),
                Flag(
                    "--url",
                    "webhooks whose whole URL matches; * is any text, ? one character. Quote a pattern that ends in ?, "
                    "as '*hook?': IPython shows help for a line that ends in ?, and runs nothing",
                    value="GLOB",
                ),
                Flag("--auth", "webhooks with this kind of authorization", value="KIND", choices=kind_names()),
                Flag("--active", "active webhooks", excludes="--inactive"),
                Flag("--inactive", "inactive webhooks", excludes="--active"),
                Flag("--tidy", "one row per webhook and event type"),
                Flag(
                    "--failing",
                    "what fails, the worst first, with the cause, since when, what waits, and the next step; also of "
                    "removed webhooks",
                    excludes="--tidy",
                ),
            ),
            python="client.webhooks.to_frame(...)",
        ),
        Command(
            "export",
            "Write the registered webhooks into a file for git, with references instead of secrets.",
            (Argument("FILE", "the YAML file to write", names="files"),),
            (
                Flag("--owned-header", "only webhooks with this header, which the file owns", value="NAME=VALUE"),
                Flag("--owned-ids", "only webhooks with ids like these, which the file owns", value="PATTERNS"),
                Flag("--overwrite", "replace the file if it exists"),
            ),
            python="cn.DesiredState.of(client).write(FILE)",
        ),
        Command(
            "plan",
            "Show what would make the webhooks those of a file: in JupyterLab with buttons. Nothing is sent.",
            (_FILE,),
            _PLANNING,
            python="cn.DesiredState.read(FILE).plan(client)",
        ),
        Command(
            "apply",
            "Show the plan, ask, make the webhooks those of the file, and say what took effect.",
            (_FILE,),
            (
                *_PLANNING,
                Flag("--allow-removals", "agree that more than a fifth of what the file owns is removed"),
                Flag("--take-over", "agree that webhooks are changed which have the mark of another owner"),
                _YES,
            ),
            python="cn.DesiredState.read(FILE).plan(client).apply()",
        ),
        Command(
            "drift",
            "Compare the registered webhooks with a file.",
            (_FILE,),
            (
                _PROFILE,
                Flag("--strict", "also count what a kernel like this one does not keep"),
            ),
            python="cn.DesiredState.read(FILE).drift(client)",
        ),
    ),
)

WEBHOOK = Magic(
    "%webhook",
    "One webhook.",
    (
        Command(
            "show",
            "Show how it is registered, and the progress of its deliveries.",
            (_WEBHOOK_ID,),
            python="client.describe(ID)",
        ),
        Command(
            "test",
            "Send a request to the target from this machine, and say what it proved.",
            (_WEBHOOK_ID,),
            python="client.webhooks.test(ID)",
        ),
        Command(
            "retry",
            "Retry its failed partitions now, and report the result of each.",
            (Argument("ID", "the id of a webhook", required=False, names="webhooks"),),
            (
                Flag("--failing", "retry everything that fails, instead of one webhook"),
                Flag("--release", "end a quarantine first, where the kernel has a call for this"),
            ),
            python="client.retry_failed_partitions(ID)",
        ),
        Command(
            "remove",
            "Ask, remove it, and print the code that registers it again.",
            (_WEBHOOK_ID,),
            (_YES,),
            python="client.webhooks.remove(ID)",
        ),
        Command(
            "pause",
            "Ask, keep its definition in a file, and remove it until it is resumed. Its position stays.",
            (_WEBHOOK_ID,),
            (
                Flag("--reason", "why, for whoever lists what is paused", value="TEXT"),
                Flag("--accept-defects", "known bugs that do not concern this kernel, with commas", value="NAMES"),
                _YES,
            ),
            python="client.webhooks.pause(ID)",
        ),
        Command(
            "paused",
            "List the paused webhooks: who paused them, when and why, and the file with their definitions.",
            python="client.webhooks.paused()",
        ),
        Command(
            "resume",
            "Register a paused webhook again. Events of the meantime are delivered then.",
            (Argument("ID", "the id of a paused webhook", names="paused"),),
            python="client.webhooks.resume(ID)",
        ),
        Command(
            "replay",
            "Count, ask, and let the kernel deliver its events again, from the first one on.",
            (_WEBHOOK_ID,),
            (
                _NAMESPACE,
                _PARTITION,
                Flag(
                    "--storage",
                    "where the kernel keeps its events, if you know it: in memory a replay hangs the webhook",
                    value="STORAGE",
                    choices=("database", "memory"),
                ),
                _PLANNED,
                _YES,
            ),
            python="client.webhooks.replay(ID).apply()",
        ),
        Command(
            "redeliver",
            "Count, ask, and send some of its events again from this machine. The kernel does not know of it.",
            (_WEBHOOK_ID,),
            (
                Flag("--from", "the number of the first event", value="N"),
                Flag("--since", "a time with its zone, or how long ago: 2h, 45m", value="TIME"),
                _NAMESPACE,
                _PARTITION,
                Flag("--bearer", "the token to send, as env:NAME or var:NAME", value="REF"),
                _PLANNED,
                _YES,
            ),
            python="client.webhooks.redeliver(ID, ...).apply()",
        ),
        Command(
            "code",
            "Print it as code that registers it again, with references instead of secrets.",
            (_WEBHOOK_ID,),
            (Flag("--as", "a call in Python (the default), a %%webhook cell, or YAML", "STYLE", STYLES),),
            python="client.webhooks.code(ID, STYLE)",
        ),
        Command(
            "form",
            "Open a form to edit it, or to make a new one.",
            (Argument("ID", "the id of a registered webhook; by default a new one", False, names="webhooks"),),  # noqa: FBT003
            (Flag("--file", "a YAML file that gets the webhook too", value="FILE", names="files"), _PROFILE),
            python="cn.widgets.WebhookForm(client)",
        ),
    ),
)

WEBHOOK_CELL = Magic(
    "%%webhook",
    "Register the webhook that the cell describes.",
    (
        Command(
            "",
            "Register a webhook, and show what took effect.",
            (
                Argument("ID", "its id; an existing webhook of this id is updated", names="webhooks"),
                Argument("URL", "the target of the events, or env:NAME or var:NAME that holds it"),
            ),
            (
                Flag(
                    "--dry-run", "send nothing; show what would be sent and how it differs from the registered webhook"
                ),
                Flag("--accept-unknown", "accept event types that nobody has registered yet"),
                Flag("--allow-literal", "accept a secret in plain text; sandbox only"),
                Flag("--confirm-host", "let this host of the URL have the credentials that the kernel keeps", "HOST"),
            ),
            python="client.webhooks.register(ID, URL, ...)",
        ),
    ),
    notes="""\
The body is YAML. Every key is optional, and so is the body:

    event_types: [AccountOpened, FundsDeposited+2]   # by default all known event types
    headers:
      x-source: my-app
    authorization:
      kind: bearer                # basic (username, password), bearer (token),
      token: env:WEBHOOK_TOKEN    # oauth (authority, client_id, client_secret) or none
    event_sequence: event-log
    replayable: true
    active: true

env:NAME is an environment variable, var:NAME a variable that Python sees on this line, with a text or a cn.Secret.
Nothing else in the text is replaced. Write literal:TEXT for a text that begins like a reference, and for an
id with braces.
A cell of a notebook that is exported as a script needs a line of body, which may be a comment: IPython refuses
an empty one there.
A token, password or client_secret in plain text is refused, because it would stay in the notebook. So is the
value of a header, or of a query, whose name looks like a credential.""",
)

MAGICS = (CHRONICLE, WEBHOOKS, WEBHOOK, WEBHOOK_CELL)
BY_NAME = {magic.name: magic for magic in MAGICS}
