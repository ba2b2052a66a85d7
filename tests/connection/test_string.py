from __future__ import annotations

import dataclasses
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from chronicle_notebook.base._errors import InvalidConnectionStringError
from chronicle_notebook.base._secrets import Secret
from chronicle_notebook.connection._credentials import AuthenticationMode
from chronicle_notebook.connection._host import Host
from chronicle_notebook.connection._string import ConnectionString

PLANTED = "pl4nted-s3cr3t"


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def told(error: InvalidConnectionStringError) -> str:
    """Everything that an error gives away, what it was raised from included."""
    parts = [f"{each!r} {each} {vars(each)}" for each in chain(error)]
    return " ".join([*parts, *traceback.format_exception(error)[-1:]])


def outcome(text: str) -> ConnectionString | InvalidConnectionStringError:
    try:
        return ConnectionString.parse(text)
    except InvalidConnectionStringError as error:
        return error


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("chronicle://localhost", ConnectionString()),
            ("chronicle://localhost:35000/", ConnectionString()),
            (" chronicle://localhost? ", ConnectionString()),
            ("CHRONICLE://kernel:1", ConnectionString(hosts=(Host("kernel", 1),))),
            ("Chronicle+SRV://kernel", ConnectionString(scheme="chronicle+srv", hosts=(Host("kernel"),))),
            (
                "chronicle://a,b:2,c_d.example:65535",
                ConnectionString(hosts=(Host("a"), Host("b", 2), Host("c_d.example", 65535))),
            ),
            ("chronicle://[::1]", ConnectionString(hosts=(Host("::1"),))),
            ("chronicle://[fe80::1]:7,127.0.0.1", ConnectionString(hosts=(Host("fe80::1", 7), Host("127.0.0.1")))),
            ("chronicle://id:pw@h", ConnectionString(hosts=(Host("h"),), username="id", password=Secret("pw"))),
            (
                "chronicle://a%40b%3Ac:p%2F%3F%3A%40%25%C3%A4+@h",
                ConnectionString(hosts=(Host("h"),), username="a@b:c", password=Secret("p/?:@%ä+")),
            ),
            (
                "chronicle://i@d:p@#w@h:1,i",
                ConnectionString(hosts=(Host("h", 1), Host("i")), username="i@d", password=Secret("p@#w")),
            ),
            ("chronicle://id:100%@h", ConnectionString(hosts=(Host("h"),), username="id", password=Secret("100%"))),
            (
                "chronicle://id:env%3AORDERS@h",
                ConnectionString(hosts=(Host("h"),), username="id", password=Secret.env("ORDERS")),
            ),
            (
                "chronicle://id:keyring%3Achronicle%2Forders@h",
                ConnectionString(hosts=(Host("h"),), username="id", password=Secret.keyring("chronicle/orders")),
            ),
            ("chronicle://h?apiKey=env:KEY", ConnectionString(hosts=(Host("h"),), api_key=Secret.env("KEY"))),
            ("chronicle://h/?APIKEY=a%3D%26+b", ConnectionString(hosts=(Host("h"),), api_key=Secret("a=&+b"))),
            ("chronicle://h?AUTH=None", ConnectionString(hosts=(Host("h"),), auth="none")),
            ("chronicle://h?skipTlsValidation=TRUE", ConnectionString(hosts=(Host("h"),), skip_tls_validation=True)),
            ("chronicle://h?skiptlsvalidation=false", ConnectionString(hosts=(Host("h"),), skip_tls_validation=False)),
            (
                "chronicle://h?certificatePath=/a%20b.pfx&certificatePassword=c/?",
                ConnectionString(hosts=(Host("h"),), certificate_path="/a b.pfx", certificate_password=Secret("c/?")),
            ),
            (
                "chronicle://h?loadBalancer=Round-Robin",
                ConnectionString(hosts=(Host("h"),), load_balancer="round-robin"),
            ),
            ("chronicle://h?loadBalancer=random", ConnectionString(hosts=(Host("h"),), load_balancer="random")),
            ("chronicle://h?loadBalancer=least-connections", ConnectionString(hosts=(Host("h"),))),
            (
                "chronicle://h?srvNameServer=10.0.0.1",
                ConnectionString(hosts=(Host("h"),), srv_name_server=Host("10.0.0.1", 53)),
            ),
            ("chronicle://h?srvNameServer=ns:54", ConnectionString(hosts=(Host("h"),), srv_name_server=Host("ns", 54))),
            ("chronicle://id@h?auth=none", ConnectionString(hosts=(Host("h"),), username="id", auth="none")),
            ("chronicle://:pw@h?auth=none", ConnectionString(hosts=(Host("h"),), password=Secret("pw"), auth="none")),
        ],
    )
    def test_a_text_gives_the_fields(self, text: str, expected: ConnectionString) -> None:
        assert ConnectionString.parse(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Host=kernel", ConnectionString(hosts=(Host("kernel"),))),
            ("port=7", ConnectionString(hosts=(Host("localhost", 7),))),
            ("HOST = kernel ; PORT = 7 ;", ConnectionString(hosts=(Host("kernel", 7),))),
            ("Host=[::1];Port=7", ConnectionString(hosts=(Host("::1", 7),))),
            ("Host=::1", ConnectionString(hosts=(Host("::1"),))),
            ("Servers=a:1, b,[::1]:2", ConnectionString(hosts=(Host("a", 1), Host("b"), Host("::1", 2)))),
            ("Scheme=Chronicle+Srv;Host=h", ConnectionString(scheme="chronicle+srv", hosts=(Host("h"),))),
            (
                "Username=i d;Password=a=b%41@:/",
                ConnectionString(username="i d", password=Secret("a=b%41@:/")),
            ),
            ('Username=id;Password="a;\'b""c "', ConnectionString(username="id", password=Secret("a;'b\"c "))),
            (
                "Username=id;Password='a;''b' ;auth=none",
                ConnectionString(username="id", password=Secret("a;'b"), auth="none"),
            ),
            ("Username=id;Password=env:ORDERS", ConnectionString(username="id", password=Secret.env("ORDERS"))),
            (
                "ApiKey=k==;SkipTlsValidation=true;LoadBalancer=random",
                ConnectionString(api_key=Secret("k=="), skip_tls_validation=True, load_balancer="random"),
            ),
        ],
    )
    def test_keys_and_values_give_the_fields_too(self, text: str, expected: ConnectionString) -> None:
        assert ConnectionString.parse(text) == expected

    @pytest.mark.parametrize(
        ("text", "field", "message", "hint"),
        [
            ("http://h", "scheme", "http is not a scheme of a connection string.", "chronicle:// or chronicle+srv://"),
            ("HTTPS://h", "scheme", "https is not a scheme of a connection string.", "chronicle://"),
            ("grpc://h", "scheme", "grpc is not a scheme of a connection string.", "chronicle://"),
            ("amqp://h", "scheme", "The scheme is not known.", "chronicle://"),
            (
                "localhost:35000",
                "scheme",
                "The text neither begins with chronicle:// nor consists of Key=Value pairs.",
                "Write chronicle://host:port.",
            ),
            (
                "chronicle:h?auth=none",
                "scheme",
                "The text neither begins with chronicle:// nor consists of Key=Value pairs.",
                "Write chronicle://host:port.",
            ),
            ("", "text", "The connection string is empty.", "Write chronicle://localhost:35000"),
            (" \t\n", "text", "The connection string is empty.", "$CHRONICLE_CONNECTION_STRING is used"),
            ("chronicle://a\nb", "text", "The connection string contains a line break (character 14).", "comes from"),
            (
                "chronicle://\ud800",
                "text",
                "The connection string contains half a character (a lone surrogate) (character 13).",
                "as UTF-8",
            ),
            ("chronicle://", "host", "A host is empty.", "chronicle://host"),
            ("chronicle://?auth=none", "host", "A host is empty.", "chronicle://host"),
            ("chronicle://a,,b", "host", "A host is empty.", "chronicle://host"),
            ("chronicle://:1", "host", "A host is empty.", "chronicle://host"),
            ("chronicle://id:pw@", "host", "A host is empty.", "chronicle://host"),
            (
                "chronicle://a b",
                "host",
                "The host, a text of 3 characters, is neither a name nor an address.",
                "before an '@'",
            ),
            (
                "chronicle://%61",
                "host",
                "The host, a text of 3 characters, is neither a name nor an address.",
                "before an '@'",
            ),
            (
                "chronicle://a..b",
                "host",
                "The host, a text of 4 characters, is neither a name nor an address.",
                "Names",
            ),
            ("chronicle://.", "host", "The host, a text of 1 character, is neither a name nor an address.", "Names"),
            ("chronicle://[::1", "host", "The host in brackets is not an IPv6 address.", "[::1]:35000"),
            ("chronicle://[::1]7", "host", "The host in brackets is not an IPv6 address.", "[::1]:35000"),
            ("chronicle://[h]", "host", "The host in brackets is not an IPv6 address.", "[::1]:35000"),
            ("chronicle://::1", "host", "There is more than one ':' in a host.", "in brackets: [::1]:35000"),
            ("chronicle://h:", "port", "port must be a number from 1 to 65535, not an empty text.", "%3A"),
            (
                "chronicle://h:abcde",
                "port",
                "port must be a number from 1 to 65535, not a text of 5 characters.",
                "%3A",
            ),
            ("chronicle://h:x", "port", "port must be a number from 1 to 65535, not a text of 1 character.", "%3A"),
            ("chronicle://h:0", "port", "port must be a number from 1 to 65535, not a number of 1 digit.", "%3A"),
            ("chronicle://h:65536", "port", "port must be a number from 1 to 65535, not a number of 5 digits.", "%3A"),
            ("chronicle://h:+1", "port", "port must be a number from 1 to 65535, not a text of 2 characters.", "%3A"),
            ("chronicle://h:²", "port", "port must be a number from 1 to 65535, not a text of 1 character.", "%3A"),
            (
                "chronicle://h/banking",
                "path",
                "There is a path after the hosts.",
                "The event store is an argument of connect().",
            ),
            ("chronicle://id:p/w@h", "host", "There is an '@' after the hosts.", "as %2F and %3F"),
            ("chronicle://id:p?w=x@h", "host", "There is an '@' after the hosts.", "as %2F and %3F"),
            (
                "chronicle://id:p:w@h",
                "password",
                "There is more than one ':' before the '@'.",
                "Write ':' in a password as %3A, so env:NAME as env%3ANAME.",
            ),
            ("chronicle://@h", "username", "There is nothing before the '@'.", "leave out the '@'"),
            ("chronicle://:@h", "username", "There is nothing before the '@'.", "leave out the '@'"),
            ("chronicle://id@h", "password", "There is a user name without a password.", "chronicle://id:secret@host"),
            ("chronicle://id:@h", "password", "There is a user name without a password.", "chronicle://id:secret@host"),
            ("chronicle://:pw@h", "username", "There is a password without a user name.", "chronicle://id:secret@host"),
            ("chronicle://i%FFd:pw@h", "username", "The percent-encoding in username is not UTF-8.", "UTF-8"),
            ("chronicle://id:p%FFw@h", "password", "The percent-encoding in password is not UTF-8.", "UTF-8"),
            (
                "chronicle://id:env%3A@h",
                "password",
                "password begins like a reference to a secret, but is not one.",
                "env:NAME",
            ),
            (
                "chronicle://id:keyring%3Ax@h",
                "password",
                "password begins like a reference to a secret, but is not one.",
                "keyring:SERVICE/USER",
            ),
            (
                "chronicle://id:pw@h?apiKey=k",
                "apiKey",
                "There is a user name with a password and also an apiKey, but only one of the two can be used.",
                "Leave out one of them.",
            ),
            (
                "chronicle+srv://a,b",
                "host",
                "chronicle+srv asks for the records of one name, and there are several.",
                "Give one.",
            ),
            (
                "chronicle://h?skipTlsValidaton=true",
                "skipTlsValidaton",
                "The option 'skipTlsValidaton' is not known.",
                "Did you mean 'skipTlsValidation'?",
            ),
            (
                "chronicle://h?eventStore=x",
                "eventStore",
                "The option 'eventStore' is not known.",
                "Known are skipTlsValidation,",
            ),
            (
                "chronicle://h?x9=1",
                "options",
                "An option, a text of 2 characters, is not known.",
                "Known are skipTlsValidation,",
            ),
            ("chronicle://h?auth=none&AUTH=none", "auth", "auth is given twice.", "Leave out one of them."),
            (
                "chronicle://h?auth",
                "auth",
                "Option 1 in the text, auth, is not a name, one '=' and a value.",
                "%3D and %26",
            ),
            (
                "chronicle://h?auth=none&apiKey=a==",
                "apiKey",
                "Option 2 in the text, apiKey, is not a name, one '=' and a value.",
                "%3D and %26",
            ),
            (
                "chronicle://h?auth=none&",
                "options",
                "Option 2 in the text is not a name, one '=' and a value.",
                "%3D and %26",
            ),
            (
                "chronicle://h?secret",
                "options",
                "Option 1 in the text is not a name, one '=' and a value.",
                "%3D and %26",
            ),
            (
                "chronicle://h?apiKey=a&b=c",
                "apiKey",
                "The text after apiKey is not a known option. Perhaps the value was cut.",
                "Write '&' in a value as %26.",
            ),
            ("chronicle://h?apiKey=", "apiKey", "apiKey has no value.", "leave it out"),
            ("chronicle://h?apiKey=a%FF", "apiKey", "The percent-encoding in apiKey is not UTF-8.", "UTF-8"),
            (
                "chronicle://h?apiKey=env:",
                "apiKey",
                "apiKey begins like a reference to a secret, but is not one.",
                "env:NAME",
            ),
            ("chronicle://h?auth=basic", "auth", "auth can only be none, not a text of 5 characters.", "Leave it out"),
            (
                "chronicle://h?skipTlsValidation=yes",
                "skipTlsValidation",
                "skipTlsValidation must be true or false, not a text of 3 characters.",
                "",
            ),
            (
                "chronicle://h?loadBalancer=first",
                "loadBalancer",
                "loadBalancer must be least-connections, round-robin or random.",
                "",
            ),
            (
                "chronicle://h?srvNameServer=a:b",
                "srvNameServer",
                "srvNameServer: port must be a number from 1 to 65535, not a text of 1 character.",
                "DNS server",
            ),
            ("Hots=h", "Hots", "The option 'Hots' is not known.", "Did you mean 'Host'"),
            ("Host=h;Host=i", "Host", "Host is given twice.", "Leave out one of them."),
            ("Host=", "Host", "Host has no value.", "leave it out"),
            ("Host=h;x", "options", "Pair 2 in the text has no '='.", "double quotes"),
            ("Host=h;x;Port=1", "options", "Pair 2 in the text has no '='.", "double quotes"),
            ("Host='h;Port=1", "options", "The quotes of pair 1 in the text do not end.", "Double a quote inside."),
            ("Host='h'x;Port=1", "options", "The quotes of pair 1 in the text do not end.", "Double a quote inside."),
            (
                "Host=h:1",
                "host",
                "The host, a text of 3 characters, is neither a name nor an address.",
                "before an '@'",
            ),
            ("Host=h;Port=x", "Port", "Port must be a number from 1 to 65535, not a text of 1 character.", ""),
            (
                "Servers=a;Port=1",
                "Servers",
                "Servers is given together with Host or Port.",
                "Servers=host:port,host:port",
            ),
            ("Scheme=http", "scheme", "http is not a scheme of a connection string.", "chronicle://"),
            ("Username=id", "password", "There is a user name without a password.", "auth=none"),
            (
                "Username=id;Password=a;b=c",
                "Password",
                "The text after Password is not a known option. Perhaps the value was cut.",
                "double quotes",
            ),
        ],
    )
    def test_what_is_wrong_is_told_by_its_place_and_shape(self, text: str, field: str, message: str, hint: str) -> None:
        with pytest.raises(InvalidConnectionStringError) as caught:
            ConnectionString.parse(text)
        assert (caught.value.field, caught.value.message) == (field, message)
        assert hint in caught.value.hint
        assert list(chain(caught.value)) == [caught.value]

    def test_something_else_than_a_text_is_refused(self) -> None:
        with pytest.raises(InvalidConnectionStringError, match=r"^A connection string is a text, not bytes\."):
            ConnectionString.parse(b"chronicle://h")  # type: ignore[arg-type]


class TestBuiltByHand:
    @pytest.mark.parametrize(
        ("kind", "arguments", "field"),
        [
            (ConnectionString, {"scheme": "CHRONICLE"}, "scheme"),
            (ConnectionString, {"hosts": ()}, "host"),
            (ConnectionString, {"hosts": "localhost"}, "host"),
            (ConnectionString, {"hosts": ("localhost",)}, "host"),
            (ConnectionString, {"username": ""}, "username"),
            (ConnectionString, {"username": "\ud800", "password": Secret("x")}, "username"),
            (ConnectionString, {"username": "id"}, "password"),
            (ConnectionString, {"username": "id", "password": PLANTED}, "password"),
            (ConnectionString, {"username": "id", "password": Secret("x"), "api_key": Secret("x")}, "apiKey"),
            (ConnectionString, {"api_key": Secret("")}, "apiKey"),
            (ConnectionString, {"certificate_password": PLANTED}, "certificatePassword"),
            (ConnectionString, {"certificate_path": ""}, "certificatePath"),
            (ConnectionString, {"auth": "None"}, "auth"),
            (ConnectionString, {"auth": ["none"]}, "auth"),
            (ConnectionString, {"skip_tls_validation": "true"}, "skipTlsValidation"),
            (ConnectionString, {"skip_tls_validation": 1}, "skipTlsValidation"),
            (ConnectionString, {"load_balancer": "first"}, "loadBalancer"),
            (ConnectionString, {"srv_name_server": "ns"}, "srvNameServer"),
            (Host, {"name": ""}, "host"),
            (Host, {"name": 5}, "host"),
            (Host, {"name": "[::1]"}, "host"),
            (Host, {"name": "a/b"}, "host"),
            (Host, {"name": "h", "port": 0}, "port"),
            (Host, {"name": "h", "port": True}, "port"),
            (Host, {"name": "h", "port": "1"}, "port"),
        ],
    )
    def test_the_same_rules_hold(self, kind: Callable[..., object], arguments: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidConnectionStringError) as caught:
            kind(**arguments)
        assert caught.value.field == field
        assert PLANTED not in told(caught.value)

    def test_it_cannot_be_changed(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            ConnectionString().auth = "none"  # type: ignore[misc]
        assert dataclasses.replace(ConnectionString(), auth="none").authentication is AuthenticationMode.NONE

    def test_equal_ones_are_equal(self) -> None:
        first, second = (ConnectionString.parse("chronicle://id:pw@h?auth=none") for _ in range(2))
        assert first == second
        assert hash(first) == hash(second)
        assert first != ConnectionString.parse("chronicle://id:other@h?auth=none")


class TestAuthentication:
    @pytest.mark.parametrize(
        ("text", "mode", "development", "description"),
        [
            ("chronicle://h", "client-credentials", True, "client credentials (development pair)"),
            ("chronicle://id:pw@h", "client-credentials", False, "client credentials (id 'id')"),
            ("chronicle://h?apiKey=k", "api-key", False, "api key"),
            ("chronicle://id:pw@h?apiKey=k&auth=none", "none", False, "none"),
        ],
    )
    def test_it_follows_from_what_is_given(self, text: str, mode: str, development: bool, description: str) -> None:
        parsed = ConnectionString.parse(text)
        assert parsed.authentication is AuthenticationMode(mode)
        assert parsed.uses_development_credentials is development
        assert parsed.credentials.describe() == description

    def test_a_reference_is_not_looked_up_before_it_is_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ORDERS_SECRET", raising=False)
        parsed = ConnectionString.parse("chronicle://id:env%3AORDERS_SECRET@h")
        monkeypatch.setenv("ORDERS_SECRET", "pw")
        assert parsed.password is not None
        assert parsed.password.reveal() == "pw"


class TestRendering:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("chronicle://localhost", "chronicle://localhost:35000"),
            ("chronicle+srv://h", "chronicle+srv://h:35000"),
            ("chronicle://i%40d:pw@a,[::1]:2", "chronicle://i%40d:REDACTED@a:35000,[::1]:2"),
            ("chronicle://id:env%3AORDERS@h", "chronicle://id:env%3AORDERS@h:35000"),
            ("chronicle://:pw@h?auth=none", "chronicle://:REDACTED@h:35000/?auth=none"),
            (
                (
                    "Host=h;ApiKey=k;SkipTlsValidation=true;CertificatePath=/a b&c.pfx;CertificatePassword=p;"
                    "LoadBalancer=random;SrvNameServer=ns"
                ),
                (
                    "chronicle://h:35000/?apiKey=REDACTED&skipTlsValidation=true&certificatePath=/a%20b%26c.pfx"
                    "&certificatePassword=REDACTED&loadBalancer=random&srvNameServer=ns:53"
                ),
            ),
        ],
    )
    def test_secrets_are_replaced_and_the_rest_is_kept(self, text: str, shown: str) -> None:
        parsed = ConnectionString.parse(text)
        assert parsed.redacted == str(parsed) == f"{parsed}" == shown
        assert repr(parsed) == f"ConnectionString({shown!r})"
        assert f"{parsed:>200}" == shown.rjust(200)
        assert str(ConnectionString.parse(shown)) == shown

    def test_a_prompted_secret_is_replaced_without_asking(self) -> None:
        built = ConnectionString(username="id", password=Secret.prompt("Who?"))
        assert str(built) == "chronicle://id:REDACTED@localhost:35000"

    @pytest.mark.parametrize(
        "text",
        [
            f"chronicle://id:{PLANTED}@h",
            f"chronicle://h?apiKey={PLANTED}",
            f"chronicle://h?auth=none&certificatePassword={PLANTED}",
            f"Username=id;Password={PLANTED}",
        ],
    )
    def test_a_secret_is_in_no_form_of_it(self, text: str) -> None:
        parsed = ConnectionString.parse(text)
        forms = [repr(parsed), str(parsed), f"{parsed}", parsed.redacted, repr(parsed.credentials)]
        forms += [repr(dataclasses.asdict(parsed)), repr(dataclasses.astuple(parsed))]
        assert [form for form in forms if PLANTED in form] == []
        with pytest.raises(TypeError):
            pickle.dumps(parsed)


names = st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True)
hosts = st.builds(Host, names | st.ip_addresses().map(str), st.integers(1, 65535))
texts = st.text(min_size=1, max_size=12)
references = st.none() | names.map(Secret.env) | st.tuples(names, names).map("/".join).map(Secret.keyring)


@st.composite
def without_literals(draw: st.DrawFn) -> ConnectionString:
    """Any connection string whose secrets are references, if it has any."""
    credentials: dict[str, Any] = draw(
        st.just({})
        | st.fixed_dictionaries({"username": texts, "password": references.filter(bool)})
        | st.fixed_dictionaries({"api_key": references})
        | st.fixed_dictionaries({"auth": st.just("none"), "username": st.none() | texts, "password": references})
    )
    return ConnectionString(
        hosts=draw(st.lists(hosts, min_size=1, max_size=3).map(tuple)),
        skip_tls_validation=draw(st.none() | st.booleans()),
        certificate_path=draw(st.none() | texts),
        certificate_password=draw(references),
        load_balancer=draw(st.sampled_from(["least-connections", "round-robin", "random"])),
        srv_name_server=draw(st.none() | hosts),
        **credentials,
    )


pieces = st.sampled_from(
    [
        *(
            "chronicle://",
            "chronicle+srv://",
            "http://",
            "id",
            ":",
            "@",
            "host",
            ",",
            "/",
            "?",
            "&",
            "=",
            ";",
            "%",
            "%3A",
        ),
        *("[", "]", "::1", "35000", "auth=none", "apiKey=", "certificatePassword=", "Password=", "Username=", "Host="),
        *("env:", "keyring:", "'", '"', " ", "#", "skipTlsValidation=", "loadBalancer=", "srvNameServer=", PLANTED),
    ]
)
crafted = st.lists(pieces | st.text(max_size=3), max_size=12).map("".join)


class TestProperties:
    @settings(deadline=None)
    @given(without_literals())
    def test_what_is_shown_can_be_read_again(self, built: ConnectionString) -> None:
        assert ConnectionString.parse(str(built)) == built

    @settings(max_examples=1500, deadline=None)
    @given(crafted | st.text())
    @example(f"chronicle://id:{PLANTED}")
    @example(f"chronicle://id:x/{PLANTED}@h")
    @example(f"chronicle://id:x?{PLANTED}=1@h")
    @example(f"chronicle://h?apiKey=x&{PLANTED}=1")
    @example(f"chronicle://h?{PLANTED}")
    @example(f"{PLANTED}://h")
    @example(f"chronicle://h?auth={PLANTED}&loadBalancer={PLANTED}")
    @example(f"chronicle://[{PLANTED}]")
    @example(f"chronicle://id:env%3A{PLANTED}%3D@h")
    @example(f"chronicle://id:{PLANTED}%FF@h")
    @example(f"Password=x;{PLANTED}=1")
    @example(f"Password='{PLANTED}")
    def test_any_text_is_read_or_refused_and_no_secret_is_repeated(self, text: str) -> None:
        result = outcome(text)
        if isinstance(result, InvalidConnectionStringError):
            assert result.field
            assert result.message.endswith(".")
            assert PLANTED not in told(result)
            return
        secrets = (result.password, result.api_key, result.certificate_password)
        again = ConnectionString.parse(str(result))
        assert str(again) == str(result)
        assert all(secret is None or secret.reference for secret in secrets) <= (again == result)

    @settings(deadline=None)
    @given(
        prefix=texts,
        suffix=texts,
        place=st.sampled_from(
            [
                "chronicle://id:{}@h",
                "chronicle://h?apiKey={}",
                "chronicle://h?auth=none&certificatePassword={}",
                "Username=id;Password={}",
                "ApiKey={};Host=h",
            ]
        ),
    )
    def test_a_secret_with_any_characters_is_kept_out_of_sight(self, prefix: str, suffix: str, place: str) -> None:
        result = outcome(place.format(prefix + PLANTED + suffix))
        shown = told(result) if isinstance(result, InvalidConnectionStringError) else repr(result)
        if not prefix.startswith(("env:", "keyring:")):
            assert PLANTED not in shown


def test_the_options_of_other_clients_are_known() -> None:
    text = "chronicle://localhost:35000/?authPort=8080"
    assert ConnectionString.parse(f"{text}&disableTls=false").auth_port == 8080
    assert ConnectionString.parse(text).redacted == text
    plain = ConnectionString.parse(f"{text}&disableTls=true")
    assert plain.disable_tls
    assert ConnectionString.parse(plain.redacted) == plain
    for wrong, field in (
        ("disableTls=true&certificatePath=/a.pem", "disableTls"),
        ("disableTls=true&skipTlsValidation=false", "disableTls"),
        ("disableTls=perhaps", "disableTls"),
        ("authPort=0", "authPort"),
        ("authPort=99999", "authPort"),
        ("srvNameServer=dns:99999", "srvNameServer"),
        ("srvNameServer=a%20b", "srvNameServer"),
    ):
        with pytest.raises(InvalidConnectionStringError) as caught:
            ConnectionString.parse(f"chronicle://localhost?{wrong}")
        assert caught.value.field == field
        assert caught.value.message.startswith(field)
