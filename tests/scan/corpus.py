"""A set of notebooks and texts to measure a scan by: some hold one made-up secret each, the others only look like it.

Nothing in here is a secret of anybody, and no file of this project holds one: all values are made when the set is
written. ``python -m tests.scan.corpus FOLDER`` writes the set, to hold another scanner against it.
"""

from __future__ import annotations

import base64
import json
import random
import string
import sys
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LETTERS = string.ascii_letters + string.digits
CHOICE = random.Random("a set to measure a scan by")


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the set."""

    name: str
    content: str
    secret: str = ""
    """The value that no report may repeat; nothing where the file holds no secret."""


def some(length: int, of: str = LETTERS) -> str:
    """Random signs, of which one at least is a digit and one a letter."""
    while True:
        text = "".join(CHOICE.choice(of) for _ in range(length))
        if any(map(str.isdigit, text)) and any(map(str.isalpha, text)):
            return text


def hexadecimal(length: int) -> str:
    return some(length, "0123456789abcdef")


def encoded(length: int) -> str:
    return base64.b64encode(CHOICE.randbytes(length)).decode()


def identifier() -> str:
    return str(uuid.UUID(int=CHOICE.getrandbits(128), version=4))


def cell(source: str, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": hexadecimal(8),
        "metadata": {},
        "execution_count": None,
        "outputs": list(outputs),
        "source": source.splitlines(keepends=True),
        **more,
    }


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def output(**data: Any) -> dict[str, Any]:
    shown = {name.replace("_", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": shown}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def error(*lines: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": list(lines)}


def exported(source: str, kind: str) -> str:
    """A notebook with one cell as nbconvert exports it."""
    import nbformat
    from nbconvert import HTMLExporter, PythonExporter

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    book.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    exporter: Any = {"html": HTMLExporter, "py": PythonExporter}[kind]()
    return str(exporter.from_notebook_node(book)[0])


def png() -> str:
    rows = b"".join(b"\0" + CHOICE.randbytes(256) for _ in range(64))
    parts = ((b"IHDR", b"\0\0\0\x40\0\0\0\x40\x08\x06\0\0\0"), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4) for name, data in parts)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


PLANTED: dict[str, tuple[Callable[[], str], Callable[[str], str]]] = {
    # In the code of a notebook.
    "assignment.ipynb": (lambda: some(32), lambda s: notebook(cell(f'url = "https://a.internal"\nAPI_KEY = "{s}"'))),
    "keyword.ipynb": (lambda: some(12), lambda s: notebook(cell(f'db = connect("h", user="reader", password="{s}")'))),
    "mapping.ipynb": (
        lambda: hexadecimal(32),
        lambda s: notebook(cell(f'h = {{"X-Api-Key": "{s}", "Accept": "*/*"}}')),
    ),
    "environ.ipynb": (lambda: some(20), lambda s: notebook(cell(f'import os\nos.environ["CRM_TOKEN"] = "{s}"'))),
    "default.ipynb": (lambda: some(20), lambda s: notebook(cell(f'token = os.getenv("CRM_TOKEN", "{s}")'))),
    "env.ipynb": (lambda: some(20), lambda s: notebook(cell(f"%env CRM_TOKEN={s}"))),
    "bash.ipynb": (lambda: some(20), lambda s: notebook(cell(f"%%bash\nexport CRM_TOKEN={s}\n./push"))),
    "curl.ipynb": (
        lambda: some(40),
        lambda s: notebook(cell(f'!curl -H "Authorization: Bearer {s}" https://a.internal')),
    ),
    "curl-user.ipynb": (lambda: some(14), lambda s: notebook(cell(f"!curl -s -u reader:{s} https://a.internal"))),
    "pair.ipynb": (lambda: some(14), lambda s: notebook(cell(f'requests.get(url, auth=("reader", "{s}"))'))),
    "webhook-cell.ipynb": (
        lambda: some(24),
        lambda s: notebook(cell(f"%%webhook money https://a.internal\nauthorization:\n  kind: bearer\n  token: {s}")),
    ),
    "builder.ipynb": (lambda: some(24), lambda s: notebook(cell(f'b.with_bearer_token(\n    "{s}",\n)'))),
    "broken-literal.ipynb": (
        lambda: some(40),
        lambda s: notebook(cell(f'API_TOKEN = (\n    "{s[:20]}"\n    "{s[20:]}"\n)')),
    ),
    "annotated.ipynb": (lambda: some(24), lambda s: notebook(cell(f'class Settings:\n    api_key: str = "{s}"'))),
    "wrapped.ipynb": (lambda: some(24), lambda s: notebook(cell(f'settings.password = SecretStr("{s}")'))),
    "commented.ipynb": (lambda: some(24), lambda s: notebook(cell(f'# client_secret = "{s}"\nclient_secret = ask()'))),
    "written-file.ipynb": (
        lambda: some(16),
        lambda s: notebook(cell(f"%%writefile app.env\nDB_HOST=a\nDB_PASSWORD={s}")),
    ),
    # Elsewhere in a notebook.
    "traceback.ipynb": (
        lambda: some(24),
        lambda s: notebook(
            cell(
                "run()",
                error(
                    "\x1b[31mValueError\x1b[39m  Traceback",
                    "\x1b[32m----> 1\x1b[39m b\x1b[31m.\x1b[39mwith_bearer_token("
                    f'\x1b[33m"\x1b[39m\x1b[33m{s}\x1b[39m\x1b[33m"\x1b[39m)',
                ),
            )
        ),
    ),
    "printed.ipynb": (lambda: some(20), lambda s: notebook(cell("!cat .env", stream(f"HOST=a\nCRM_SECRET={s}\n")))),
    "json-output.ipynb": (
        lambda: some(28),
        lambda s: notebook(cell("r", output(application_json={"answers": [{"client_secret": s, "id": 7}]}))),
    ),
    "json-in-json.ipynb": (
        lambda: some(28),
        lambda s: notebook(cell("log", stream(json.dumps({"body": json.dumps({"access_token": s})})))),
    ),
    "html-output.ipynb": (
        lambda: some(24),
        lambda s: notebook(
            cell("t", output(text_html=f"<a href='https://a.internal/?a=1&amp;access_token={s}'>b</a>"))
        ),
    ),
    "attachment.ipynb": (
        lambda: some(20),
        lambda s: notebook(
            cell("", attachments={"a.env": {"text/plain": base64.b64encode(f"API_TOKEN={s}\n".encode()).decode()}})
        ),
    ),
    "cell-id.ipynb": (lambda: "ghp_" + some(36), lambda s: notebook(cell("x", id=s))),
    "unusual-key.ipynb": (lambda: "glpat-" + some(20), lambda s: notebook(cell("x", note_of_mine={"a": [{"b": s}]}))),
    "repeated-key.ipynb": (
        lambda: some(24),
        lambda s: notebook(cell("x")).replace('"metadata": {}', f'"metadata": {{"api_key": "{s}", "api_key": "x"}}', 1),
    ),
    "parameters.ipynb": (
        lambda: some(24),
        lambda s: notebook(cell("x"), papermill={"parameters": {"webhook": "a", "secret": s}}),
    ),
    "before-2015.ipynb": (
        lambda: some(24),
        lambda s: json.dumps(
            {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": [f"password = '{s}'"]}]}]}
        ),
    ),
    "half.ipynb": (
        lambda: some(24),
        lambda s: notebook(cell(f'b.with_bearer_token(\n    "{s}"\n)\n'), cell("x"))[:-40],
    ),
    # The same in scripts and pages.
    "script.py": (lambda: some(32), lambda s: f'"""Pushes."""\n\nAPI_KEY = "{s}"\n'),
    "percent.py": (lambda: some(20), lambda s: f"# %%\n# %env CRM_TOKEN={s}\n\n# %%\nrun()\n"),
    "page.md": (lambda: some(20), lambda s: f"# Push\n\n```python\npush(url, token='{s}')\n```\n"),
    "settings.md": (lambda: some(20), lambda s: f"Settings:\n\n```yaml\ncrm:\n  password: {s}\n```\n"),
    "exported.py": (lambda: some(20), lambda s: exported(f"%env CRM_TOKEN={s}", "py")),
    "exported.html": (lambda: some(20), lambda s: exported(f'b.with_basic_auth("reader", "{s}")', "html")),
    "frame.R": (lambda: some(28), lambda s: f'Sys.setenv(CRM_TOKEN = "{s}")\n'),
    "unpacked.ipynb": (lambda: some(14), lambda s: notebook(cell(f'user, password = "reader", "{s}"'))),
    "statement.ipynb": (lambda: some(14), lambda s: notebook(cell(f"%%sql\nCREATE USER a WITH PASSWORD '{s}'"))),
    "storage-key.ipynb": (
        lambda: encoded(64),
        lambda s: notebook(cell(f'spark.conf.set("fs.azure.account.key.a.blob.core.windows.net", "{s}")')),
    ),
    "arrow.R": (lambda: some(14), lambda s: f'password <- "{s}"\n'),
    "option.py": (lambda: some(24), lambda s: f'parser.add_argument("--token", default="{s}")\n'),
    "header.py": (lambda: some(40), lambda s: f'headers = {{"Authorization": "{s}"}}\n'),
    "connecting.log": (lambda: some(24), lambda s: f"12:00:01 INFO connecting with password={s} to db.internal\n"),
    # Settings.
    ".env": (lambda: some(18), lambda s: f"DB_HOST=db.internal\nDB_PASSWORD={s}\n"),
    "compose.yaml": (lambda: some(18), lambda s: f"services:\n  db:\n    environment:\n      DB_PASSWORD: {s}\n"),
    "deployment.yaml": (lambda: some(24), lambda s: f"env:\n  - name: API_TOKEN\n    value: {s}\n"),
    "app.ini": (lambda: some(14), lambda s: f"[database]\nuser = reader\npassword = {s}\n"),
    "app.toml": (lambda: some(24), lambda s: f'[crm]\nclient_secret = "{s}"\n'),
    "appsettings.json": (lambda: some(24), lambda s: json.dumps({"Crm": {"ApiKey": s, "Url": "https://a"}}, indent=2)),
    "web.config": (lambda: some(24), lambda s: f'<appSettings>\n  <add key="ApiKey" value="{s}" />\n</appSettings>\n'),
    "settings.xml": (lambda: some(18), lambda s: f"<server>\n  <password>{s}</password>\n</server>\n"),
    ".netrc": (lambda: some(14), lambda s: f"machine a.internal login reader password {s}\n"),
    "Dockerfile": (lambda: some(24), lambda s: f"FROM python:3.12\nENV API_TOKEN={s}\n"),
    "profile.ps1": (lambda: some(24), lambda s: f'$env:API_TOKEN = "{s}"\n'),
    "history.txt": (lambda: some(14), lambda s: f"ls\npush --user reader --password {s} a.internal\n"),
    # Connection strings.
    "odbc.py": (
        lambda: some(14),
        lambda s: (
            f'C = "Driver={{ODBC Driver 18 for SQL Server}};Server=db;Database=a;Uid=reader;Pwd={s};Encrypt=yes"\n'
        ),
    ),
    "storage.txt": (
        lambda: encoded(64),
        lambda s: f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={s};EndpointSuffix=core.windows.net\n",
    ),
    "bus.txt": (
        lambda: encoded(32),
        lambda s: f"Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={s}\n",
    ),
    "signed.txt": (
        lambda: encoded(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        lambda s: f"https://a.blob.core.windows.net/b?sv=2024-08-04&sp=r&sig={s}\n",
    ),
    "directory.py": (
        lambda: some(3) + "8Q~" + some(34),
        lambda s: f'credential = ClientSecretCredential(t, c, "{s}")\n',
    ),
    "postgres.txt": (lambda: some(14), lambda s: f"postgresql://reader:{s}@db.internal:5432/a\n"),
    "libpq.py": (
        lambda: some(14),
        lambda s: f'c = psycopg.connect("host=db.internal dbname=a user=reader password={s}")\n',
    ),
    "jdbc.txt": (lambda: some(14), lambda s: f"jdbc:postgresql://db.internal/a?user=reader&password={s}\n"),
    "chronicle.txt": (lambda: some(20), lambda s: f"chronicle://reader:{s}@kernel.internal:35000\n"),
    # By their looks.
    "slack.md": (
        lambda: f"{some(9, string.ascii_uppercase + string.digits)}/B{some(24)}",
        lambda s: f"Posts to https://hooks.slack.com/services/T{s.replace('/B', '/B0', 1)}/{s[-24:]}\n",
    ),
    "discord.md": (lambda: some(68), lambda s: f"https://discord.com/api/webhooks/1098765432109876543/{s}\n"),
    "teams.md": (
        lambda: hexadecimal(32),
        lambda s: (
            f"https://acme.webhook.office.com/webhookb2/{identifier()}@{identifier()}/IncomingWebhook/{s}/{identifier()}\n"
        ),
    ),
    "armor.txt": (
        lambda: encoded(60),
        lambda s: f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{s}\n-----END PGP PRIVATE KEY BLOCK-----\n",
    ),
    "key.pem": (
        lambda: encoded(60),
        lambda s: f"-----BEGIN OPENSSH PRIVATE KEY-----\n{s}\n-----END OPENSSH PRIVATE KEY-----\n",
    ),
    "jwt.log": (
        lambda: f"eyJ{some(30)}.eyJ{some(60)}.{some(43)}",
        lambda s: f"2026-01-02 GET /in 200 cookie={s}\n",
    ),
    "aws.txt": (lambda: "AKIA" + some(16, string.ascii_uppercase + "234567"), lambda s: f"aws_access_key_id = {s}\n"),
    "aws-secret.txt": (lambda: some(40), lambda s: f"[default]\naws_secret_access_key = {s}\n"),
    "github.txt": (lambda: "ghp_" + some(36), lambda s: f"git clone https://{s}@github.com/a/b\n"),
    "stripe.js": (lambda: "sk_live_" + some(24), lambda s: f'const stripe = require("stripe")("{s}");\n'),
    ".npmrc": (lambda: "npm_" + some(36), lambda s: f"//registry.internal/:_authToken={s}\n"),
    "basic.http": (
        lambda: base64.b64encode(f"reader:{some(14)}".encode()).decode(),
        lambda s: f"POST https://a.internal/in\nAuthorization: Basic {s}\n",
    ),
}


def planted() -> Iterator[Sample]:
    """Files with one secret each."""
    for name, (make, write) in PLANTED.items():
        secret = make()
        yield Sample(name, write(secret), secret)


def _frame() -> str:
    rows = "".join(f"<tr><td>{identifier()}</td><td>{hexadecimal(40)}</td><td>key-{n}</td></tr>\n" for n in range(9))
    return f"<table>\n<tr><th>event_id</th><th>hash</th><th>partition key</th></tr>\n{rows}</table>"


ALIKE: dict[str, Callable[[], str]] = {
    "uuids.txt": lambda: "".join(f"{identifier()}\n" for _ in range(40)),
    "uuids.ipynb": lambda: notebook(cell(f'event_id = "{identifier()}"', stream(f"{identifier()}\n" * 3))),
    "commits.txt": lambda: "".join(f"commit {hexadecimal(40)}\n" for _ in range(40)),
    "sums.txt": lambda: "".join(f"{hexadecimal(64)}  file-{n}.bin\n" for n in range(20)),
    "lock.txt": lambda: "".join(f"package=={n}.1 \\\n    --hash=sha256:{hexadecimal(64)}\n" for n in range(20)),
    "package-lock.json": lambda: json.dumps({"a": {"integrity": f"sha512-{encoded(64)}"}}, indent=1),
    "image.yaml": lambda: f"image: registry.internal/a@sha256:{hexadecimal(64)}\n",
    "picture.ipynb": lambda: notebook(cell("plot()", output(image_png=png()))),
    "picture-attached.ipynb": lambda: notebook(cell("", attachments={"a.png": {"image/png": png()}})),
    "picture.html": lambda: f'<img alt="a plot" src="data:image/png;base64,{png()}">\n',
    "drawing.svg": lambda: (
        f"<svg xmlns='http://www.w3.org/2000/svg'><path id='{hexadecimal(10)}' d='M1 2L3 4'/></svg>\n"
    ),
    "frame.ipynb": lambda: notebook(cell("frame", output(text_html=_frame(), text_plain=f"0 {hexadecimal(40)} key-1"))),
    "frame.html": lambda: f"<!DOCTYPE html>\n<html><body>\n{_frame()}\n</body></html>\n",
    "events.json": lambda: json.dumps([{"eventSourceId": identifier(), "sequenceNumber": n} for n in range(9)]),
    "keys.py": lambda: (
        f'partition_key = "{hexadecimal(16)}"\nsort_key = "{some(16)}"\ncache_key = "{hexadecimal(32)}"\n'
    ),
    "idempotency.py": lambda: (
        f'headers = {{"Idempotency-Key": "{identifier()}", "X-Correlation-Id": "{identifier()}"}}\n'
    ),
    "trace.http": lambda: f'GET /\ntraceparent: 00-{hexadecimal(32)}-{hexadecimal(16)}-01\nETag: "{hexadecimal(32)}"\n',
    "references.ipynb": lambda: notebook(
        cell('client.webhooks.register("a", url, lambda b: b.with_bearer_token(cn.Secret.env("CRM_TOKEN")))'),
        cell("%%webhook a https://a.internal\nauthorization:\n  kind: bearer\n  token: env:CRM_TOKEN"),
    ),
    "references.py": lambda: (
        'token = os.environ["CRM_TOKEN"]\npassword = getpass("Password: ")\nsecret = keyring.get_password("a", "b1")\n'
        "api_key = settings.api_key2\nclient_secret = vault.read('secret/data/app1')['client_secret']\n"
    ),
    "templates.py": lambda: (
        'url = f"https://{user}:{password}@{host}"\nheaders = {"X-Api-Key": f"{prefix}-1a2b3c4d"}\n'
    ),
    "templates.yaml": lambda: (
        "token: ${CRM_TOKEN1}\npassword: {{ vault_password1 }}\nsecret: <your secret1>\napi_key: $KEY1\n"
    ),
    "example.env": lambda: (
        "DB_PASSWORD=changeme\nAPI_TOKEN=your-token-here\nCLIENT_SECRET=\nAPI_KEY=xxxxxxxxxxxxxxxx\n"
    ),
    "placeholders.md": lambda: (
        'Write `token="your-api-token"`, `password="<password>"`, `Authorization: Bearer <token>` or\n'
        "`chronicle://user:password@host:port`. It is shown as `token=••••••`.\n"
    ),
    "types.py": lambda: (
        "def login(user: str, password: str | None = None, token: Auth0Token2 | None = None) -> OAuth2Session: ...\n"
        'class Form:\n    password: SecretStr = Field(..., alias="pass1word")\n    token_type: str = "bearer2"\n'
    ),
    "schema.json": lambda: json.dumps({"properties": {"password": {"type": "string", "format": "password"}}}, indent=1),
    "about.yaml": lambda: (
        "token_url: https://login.internal/oauth2/token\nsecret_name: crm-secret-2024\n"
        "password_file: /run/secrets/db1\nkey_id: a1b2c3d4e5f6\napi_key_header: X-Api-Key2\n"
        "token_ttl: 3600s\nsecret_arn: arn:aws:sm:eu1:12:secret:a1-b2\n"
    ),
    "pages.json": lambda: json.dumps({"next_token": some(40), "pageToken": some(24), "continuationToken": encoded(24)}),
    "model.json": lambda: json.dumps(
        {"pad_token": "<|pad1|>", "max_tokens": "4096k1", "tokenizer_class": "Gpt2Tokenizer4"}
    ),
    "usage.txt": lambda: "prompt_tokens=1542 completion_tokens=311 total_tokens=1853\n",
    "stored.py": lambda: f'password_hash = "$2b$12${some(53)}"\ntoken_sha256 = "{hexadecimal(64)}"\n',
    "certificate.pem": lambda: f"-----BEGIN CERTIFICATE-----\n{encoded(400)}\n-----END CERTIFICATE-----\n",
    "public.pem": lambda: f"-----BEGIN PUBLIC KEY-----\n{encoded(200)}\n-----END PUBLIC KEY-----\n",
    "known-hosts.txt": lambda: f"a.internal ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{encoded(33)}\n",
    "thumbprint.txt": lambda: f"The secrets are sealed with crk1:{hexadecimal(40).upper()}, see the certificate.\n",
    "addresses.txt": lambda: (
        "https://a.internal:8443/@reader\nssh://git@a.internal:22/b.git\nfe80::1ff:fe23:4567:890a\n"
    ),
    "query.txt": lambda: f"https://a.internal/?page={some(12)}&code=de-DE&key_figures=a1b2c3d4e5&id={identifier()}\n",
    "prose.md": lambda: (
        "The token: it ends after 30 days. Password: at least 12 characters, 2 of them digits. Secret: none.\n"
    ),
    "commands.sh": lambda: 'export CRM_TOKEN="$(cat /run/secrets/crm1)"\ncurl -u "reader:$PW1" https://a.internal\n',
    "odbc.txt": lambda: "Driver={ODBC Driver 18};Server=db;Uid=reader;Pwd={password};Trusted_Connection=yes\n",
    "chats.md": lambda: (
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX\nhttps://discord.com/api\n"
    ),
    "minified.js": lambda: (
        "var a=1;token=b.next;password=c.value;key=d;function e(t){return t.secret=t.secretValue,t}\n"
    ),
    "style.css": lambda: (
        f"@font-face{{src:url(data:font/woff2;base64,{encoded(900)})}}\n.a{{color:#{hexadecimal(6)}}}\n"
    ),
    "exported.html": lambda: exported('frame = client.webhooks.to_frame()\nprint(frame["key"].str.len())', "html"),
    "coloured.ipynb": lambda: notebook(
        cell("x", error("\x1b[31mKeyError\x1b[39m", f"\x1b[32m----> 1\x1b[39m frame[\x1b[33m'{identifier()}'\x1b[39m]"))
    ),
    "log.txt": lambda: "".join(f"12:00:0{n} event {identifier()} of partition {some(12)} in 12ms\n" for n in range(9)),
    "references.yaml": lambda: (
        "existingSecret: crm-secret-2\nsecretRef: crm-v2\ntoken: ${{ secrets.DEPLOY_TOKEN1 }}\nsecrets: inherit\n"
    ),
    "values.sql": lambda: "INSERT INTO columns VALUES ('token', 'text1a2b'), ('password', 'varchar2x4k');\n",
    "calls.tf": lambda: "password = var.db_password1\nsecret = random_password.db1.result\ntoken = data.a1.b2.token3\n",
    "versions.toml": lambda: f'version = "1.2.3"\nrev = "{hexadecimal(40)}"\nauthors = ["a1b2c3@a.internal"]\n',
    "widgets.ipynb": lambda: notebook(
        cell("w"),
        widgets={
            "v": {
                "state": {
                    hexadecimal(32): {"model_name": "HTMLModel", "state": {"layout": f"IPY_MODEL_{hexadecimal(32)}"}}
                }
            }
        },
    ),
    "verify.py": lambda: (
        'assert token == "a1b2c3d4e5f6" or password != "q1w2e3r4t5"\nif secret is None: raise KeyError("a1b2c3")\n'
    ),
}


def alike() -> Iterator[Sample]:
    """Files that hold no secret."""
    for name, write in ALIKE.items():
        yield Sample(name, write())


def write(folder: Path, samples: Iterator[Sample]) -> list[tuple[Path, Sample]]:
    """Write samples into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for sample in samples:
        (folder / sample.name).write_text(sample.content, encoding="utf-8")
        written.append((folder / sample.name, sample))
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1], "planted"), planted())
    write(Path(sys.argv[1], "alike"), alike())
