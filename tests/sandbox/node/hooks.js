// Registers webhooks on a kernel and lists them, with nothing but proto files and a token from /connect/token.
// Usage: node hooks.js PORT CERTIFICATE FOLDER PROTO GENERATION; prints what it found as JSON.

const fs = require("node:fs");
const https = require("node:https");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [port, certificate, folder, proto, generation] = process.argv.slice(2);
const ca = fs.readFileSync(certificate);
const store = "third-party";

function token() {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: "chronicle-dev-client",
    client_secret: "chronicle-dev-secret",
  }).toString();
  const options = {
    host: "localhost",
    port,
    path: "/connect/token",
    method: "POST",
    ca,
    headers: { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": form.length },
  };
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

function client(accessToken) {
  const definition = loader.loadSync(proto, { includeDirs: [folder], keepCase: true, defaults: true });
  const { Webhooks } = grpc.loadPackageDefinition(definition).Cratis.Chronicle.Contracts.Observation.Webhooks;
  let credentials = grpc.credentials.createSsl(ca);
  if (accessToken) {
    const attach = grpc.credentials.createFromMetadataGenerator((_, callback) => {
      const metadata = new grpc.Metadata();
      metadata.set("authorization", `Bearer ${accessToken}`);
      callback(null, metadata);
    });
    credentials = grpc.credentials.combineChannelCredentials(credentials, attach);
  }
  return new Webhooks(`localhost:${port}`, credentials);
}

function call(hooks, method, request) {
  const deadline = Date.now() + 10000;
  return new Promise((resolve, reject) => {
    hooks[method](request, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function first(hooks) {
  return new Promise((resolve, reject) => {
    const stream = hooks.ObserveWebhooks({ EventStore: store });
    stream.once("data", (answer) => {
      resolve(answer);
      stream.cancel();
    });
    stream.on("error", reject); // a cancelled stream says so, when the answer is there already
  });
}

async function main() {
  const stranger = client(null);
  const refused = await call(stranger, "GetWebhooks", { EventStore: store }).then(() => 0, (error) => error.code);
  stranger.close();

  const hooks = client(await token());
  const [add, rows] = generation === "commands" ? ["AddWebhooks", "Data"] : ["Add", "items"];
  const one = { EventSequenceId: "event-log", Identifier: "grpc-js", EventTypes: [{ Id: "Opened", Generation: 1 }] };
  one.Target = { Url: "http://127.0.0.1:9/js", Headers: { "x-client": "grpc-js" } };
  const two = { ...one, Identifier: "inactive", IsActive: false, Target: { Url: "http://127.0.0.1:9/two" } };
  two.Target.Authorization = { Value1: { Token: "swordfish" } };
  const accepted = await call(hooks, add, { EventStore: store, Webhooks: [one, two] });

  // An authorization takes effect a moment after its webhook.
  const settled = (row) => row && (row.AuthorizationType || row.Target?.Authorization?.Value1);
  let listed = [];
  for (let tries = 0; tries < 200 && !settled(listed[1]); tries += 1) {
    listed = (await call(hooks, "GetWebhooks", { EventStore: store }))[rows];
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const observed = (await first(hooks))[rows];
  hooks.close();
  console.log(JSON.stringify({ refused, accepted, listed, observed: observed.map((row) => row.Identifier) }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
