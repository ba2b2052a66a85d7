// A client of a kernel that knows nothing of chronicle_notebook: it makes its messages from the text that the kernel
// answers to GetDescriptorSet, starts up as Chronicle's client for .NET does, and then registers a webhook, receives its
// deliveries, appends events, reads them and observes, while it is kept alive for a while.
// Usage: node client.js PORT CERTIFICATE FOLDER GENERATION SERVICE BEATS; prints what it found as JSON.

const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const protobuf = require("protobufjs");
require("protobufjs/ext/descriptor");

const [port, certificate, folder, generation, eventService, beats] = process.argv.slice(2);
const commands = generation === "commands";
const ca = fs.readFileSync(certificate);
const root = "Cratis.Chronicle.Contracts";
const store = "third-party";
const place = { EventStore: store, Namespace: "Default", EventSequenceId: "event-log" };
const credentials = grpc.credentials.createSsl(ca);
const raw = new grpc.Client(`localhost:${port}`, credentials);
const bcl = `syntax = "proto3"; package bcl; message Guid { fixed64 lo = 1; fixed64 hi = 2; }`;

// Lines that a client of these releases knows; one that is missing or differs is fatal to it.
const lines = [
  "rpc ConnectionKeepAlive (ConnectionKeepAlive) returns (.google.protobuf.Empty);",
  "rpc Connect (ConnectRequest) returns (stream ConnectionKeepAlive);",
  "rpc EnsureEventStore (EnsureEventStoreRequest) returns (CommandResult);",
  "rpc RegisterMany (RegisterManyRequest) returns (.google.protobuf.Empty);",
  "rpc Register (RegisterConstraintsRequest) returns (.google.protobuf.Empty);",
  "rpc Register (RegisterRequest) returns (.google.protobuf.Empty);",
  "rpc Observe (stream ReactorMessage) returns (stream EventsToObserve);",
  "rpc GetInstanceByKey (GetInstanceByKeyRequest) returns (GetInstanceByKeyResponse);",
  "rpc ReplayPartition (ReplayPartition) returns (.google.protobuf.Empty);",
  commands
    ? "rpc RegisterEventTypes (RegisterEventTypesRequest) returns (CommandResult);"
    : "rpc Register (RegisterEventTypesRequest) returns (.google.protobuf.Empty);",
];

function token() {
  const form = "grant_type=client_credentials&client_id=chronicle-dev-client&client_secret=chronicle-dev-secret";
  const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": form.length };
  const options = { host: "localhost", port, path: "/connect/token", method: "POST", ca, headers };
  return new Promise((resolve, reject) => {
    const request = https.request(options, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve(JSON.parse(text).access_token));
    });
    request.on("error", reject);
    request.end(form);
  });
}

// The answer is a message with one string.
function contractText() {
  const call = `/${root}.Clients.ConnectionService/GetDescriptorSet`;
  const same = (bytes) => bytes;
  return new Promise((resolve, reject) => {
    raw.makeUnaryRequest(call, same, same, Buffer.alloc(0), (error, answer) => {
      if (error) return reject(error);
      const reader = protobuf.Reader.create(answer);
      reader.uint32();
      return resolve(reader.string());
    });
  });
}

// The text is a proto file for each package, one after the other.
function load(text) {
  fs.mkdirSync(path.join(folder, "protobuf-net"), { recursive: true });
  fs.writeFileSync(path.join(folder, "protobuf-net", "bcl.proto"), bcl);
  const files = text
    .split('syntax = "proto3";')
    .slice(1)
    .map((section, number) => {
      fs.writeFileSync(path.join(folder, `${number}.proto`), 'syntax = "proto3";' + section);
      return `${number}.proto`;
    });
  const options = { includeDirs: [folder], keepCase: true, longs: Number, defaults: true, enums: String };
  const definition = loader.loadSync(files, options);
  return { packages: grpc.loadPackageDefinition(definition).Cratis.Chronicle.Contracts, files };
}

function descriptorSet(files) {
  const everything = new protobuf.Root();
  everything.resolvePath = (_, name) => (name.startsWith("google/") ? name : path.join(folder, name));
  everything.loadSync(files, { keepCase: true });
  everything.resolveAll();
  const set = everything.toDescriptor("proto3");
  // Names are told relative to where they stand; other compilers tell them in full.
  const full = (scope, name) =>
    !name || name[0] === "." ? name : name.includes(".") ? `.${name}` : `${scope}.${name}`;
  for (const file of set.file) {
    const scope = `.${file.package}`;
    for (const message of file.messageType) {
      const entries = new Set(message.nestedType.map((entry) => entry.name));
      const inside = (name) => (entries.has(name) ? `${scope}.${message.name}.${name}Entry` : full(scope, name));
      for (const field of [...message.field, ...message.nestedType.flatMap((entry) => entry.field)])
        field.typeName = inside(field.typeName);
      for (const entry of message.nestedType) entry.name += "Entry";
    }
    for (const method of file.service.flatMap((each) => each.method)) {
      method.inputType = full(scope, method.inputType);
      method.outputType = full(scope, method.outputType);
    }
  }
  return set;
}

function connected(services, accessToken) {
  const attach = grpc.credentials.createFromMetadataGenerator((_, callback) => {
    const metadata = new grpc.Metadata();
    metadata.set("authorization", `Bearer ${accessToken}`);
    callback(null, metadata);
  });
  const secured = grpc.credentials.combineChannelCredentials(credentials, attach);
  const made = {};
  return (name) => {
    const Service = name.split(".").reduce((found, part) => found[part], services);
    made[name] = made[name] || new Service(`localhost:${port}`, accessToken ? secured : credentials);
    return made[name];
  };
}

function caller(service) {
  return (name, method, request = {}) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + 20000;
      service(name)[method](request, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
}

const failing = (promise) =>
  promise.then(
    () => ({ code: 0 }),
    (error) => ({ code: error.code, details: error.details }),
  );

function keptAlive(service, call, until) {
  const id = "8d7f1f0e-7d3c-4c93-9a3e-1d8f53a7c001";
  const request = { ConnectionId: id, ClientVersion: "1.0.0", ProcessId: process.pid, ClientType: "Node" };
  const stream = service("Clients.ConnectionService").Connect(request);
  stream.on("error", () => {}); // a cancelled stream says so
  return new Promise((resolve, reject) => {
    const beat = { count: 0, wrong: 0, stream };
    stream.on("data", (answer) => {
      beat.count += 1;
      beat.wrong += answer.ConnectionId !== id;
      call("Clients.ConnectionService", "ConnectionKeepAlive", { ConnectionId: id }).catch(reject);
      if (beat.count === 1) resolve(beat);
      until.reached = beat.count >= until.beats;
    });
  });
}

function reactor(service) {
  const stream = service("Observation.Reactors.Reactors").Observe();
  const answer = new Promise((resolve) => {
    stream.on("data", () => resolve({ code: 0 }));
    stream.on("error", (error) => resolve({ code: error.code, details: error.details }));
  });
  const asked = { ReactorId: "Mailer", EventSequenceId: "event-log" };
  stream.write({ Content: { Value0: { EventStore: store, Namespace: "Default", Reactor: asked } } });
  return answer;
}

function target() {
  const received = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      const { partition, events } = JSON.parse(body);
      received.push({ partition, header: request.headers["x-client"], contents: events.map((each) => each.content) });
      response.end();
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ server, received })));
}

async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

function append(source, content, last) {
  const causation = { Occurred: { Value: new Date().toISOString() }, Type: "Root", Properties: { client: "node" } };
  const scope = { SequenceNumber: last, EventSourceId: true };
  const causedBy = { Subject: "node", Name: "Node", UserName: "node" };
  const event = { EventSourceId: source, EventType: { Id: "Opened", Generation: 1 }, Content: content };
  return { ...place, ...event, Causation: [causation], CausedBy: causedBy, ConcurrencyScope: scope };
}

// Each append asks for the tail first, and demands that it still is the tail.
async function appended(call) {
  const tail = { ...place, EventSourceId: "a" };
  const numbers = [];
  for (const amount of [1, 2]) {
    const { SequenceNumber: last } = await call(eventService, "GetTailSequenceNumber", tail);
    const content = JSON.stringify({ amount });
    numbers.push((await call(eventService, "Append", append("a", content, last))).SequenceNumber);
  }
  const { EventSourceId, EventType, Content, ConcurrencyScope, ...shared } = append("b", '{"amount":3}', 0);
  const many = { ...shared, Events: [{ EventSourceId, EventType, Content }], ConcurrencyScopes: {} };
  return [...numbers, ...(await call(eventService, "AppendMany", many)).SequenceNumbers];
}

async function read(call) {
  const amounts = (answer) => answer.Events.map((event) => JSON.parse(event.Content).amount);
  const types = [{ Id: "Opened", Generation: 1 }];
  const has = async (source) =>
    (await call(eventService, "HasEventsForEventSourceId", { ...place, EventSourceId: source })).HasEvents;
  return {
    from: amounts(
      await call(eventService, "GetEventsFromEventSequenceNumber", { ...place, FromEventSequenceNumber: 1 }),
    ),
    source: amounts(
      await call(eventService, "GetForEventSourceIdAndEventTypes", { ...place, EventSourceId: "a", EventTypes: types }),
    ),
    has: [await has("b"), await has("nobody")],
  };
}

async function main() {
  const text = await contractText();
  const missing = lines.filter((line) => !text.includes(line));
  const { packages, files } = load(text);
  const refused = (await failing(caller(connected(packages, null))("EventStores.EventStores", "AllEventStores"))).code;
  const service = connected(packages, await token());
  const call = caller(service);

  const about = { ClientType: "Node", ClientVersion: "1.0.0" };
  let verdict = null;
  if (commands) {
    const set = descriptorSet(files);
    const bytes = (made) => protobuf.descriptor.FileDescriptorSet.encode(made).finish();
    const check = (made) =>
      call("Clients.ConnectionService", "CheckCompatibility", { ...about, DescriptorSet: bytes(made) });
    const right = await check(set);
    const clients = set.file.find((file) => file.package === `${root}.Clients`);
    clients.messageType.find((message) => message.name === "ConnectRequest").field[0].name = "Id";
    verdict = { right: right.IsCompatible, wrong: (await check(set)).Incompatibilities };
  }

  const alive = { beats: Number(beats), reached: false };
  const beat = await keptAlive(service, call, alive);
  await call("EventStores.EventStores", "EnsureEventStore", { Name: store });
  const schema = JSON.stringify({ type: "object", properties: { amount: { type: "integer", format: "int32" } } });
  const types = [{ Type: { Id: "Opened", Generation: 1 }, Schema: schema }];
  const [typeService, register] = commands
    ? ["EventTypes.EventTypes", "RegisterEventTypes"]
    : ["Events.EventTypes", "Register"];
  await call(typeService, register, { EventStore: store, Types: types, DisableValidation: true });
  for (const [name, method] of [
    ["ReadModels.ReadModels", "RegisterMany"],
    ["Events.Constraints.Constraints", "Register"],
    ["Projections.Projections", "Register"],
  ])
    await call(name, method, { EventStore: store });
  const unserved = await reactor(service);

  const { server, received } = await target();
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  const hooks = "Observation.Webhooks.Webhooks";
  const [add, rows] = commands ? ["AddWebhooks", "Data"] : ["Add", "items"];
  const observed = [];
  const stream = service(hooks).ObserveWebhooks({ EventStore: store });
  stream.on("data", (answer) => observed.push(answer[rows].map((row) => row.Identifier)));
  stream.on("error", () => {}); // a cancelled stream says so
  const webhook = { EventSequenceId: "event-log", Identifier: "node", EventTypes: [{ Id: "Opened", Generation: 1 }] };
  webhook.Target = { Url: url, Headers: { "x-client": "node" } };
  await call(hooks, add, { EventStore: store, Webhooks: [webhook] });
  await until(async () => (await call(hooks, "GetWebhooks", { EventStore: store }))[rows].length === 1);
  await until(() => observed.some((ids) => ids.includes("node")));

  const numbers = await appended(call);
  const found = await read(call);
  await until(() => received.flatMap((each) => each.contents).length === 3);
  await until(() => alive.reached);
  const clients = (await call("Clients.ConnectionService", "GetConnectedClients")).items.map((each) => each.ClientType);
  beat.stream.cancel();
  stream.cancel();
  server.close();
  server.closeAllConnections();
  raw.close();
  const kept = { enough: beat.count >= Number(beats), wrong: beat.wrong };
  console.log(JSON.stringify({ missing, refused, verdict, kept, unserved, numbers, ...found, received, clients }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
