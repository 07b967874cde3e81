// One of the protocol's own clients at `baton mcp`: it lists the tools, calls some, and prints what
// came as JSON. usage: node mcp_client.mjs MODULES old|new PLAN, where MODULES is the node_modules of
// one package, `old` shakes hands and `new` must speak the era without, and PLAN is
// {"command", "args", "env", "calls": [[tool, arguments], …]}.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";
import fs from "node:fs";

const [modules, era, planFile] = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(planFile, "utf8"));
const load = createRequire(path.join(modules, "..", "package.json"));
const first = fs.existsSync(path.join(modules, "@modelcontextprotocol", "sdk"));
const from = async (name) => import(pathToFileURL(load.resolve(name)).href);

let Client, Transport;
if (first) {
    ({ Client } = await from("@modelcontextprotocol/sdk/client/index.js"));
    ({ StdioClientTransport: Transport } = await from("@modelcontextprotocol/sdk/client/stdio.js"));
} else {
    ({ Client } = await from("@modelcontextprotocol/client"));
    ({ StdioClientTransport: Transport } = await from("@modelcontextprotocol/client/stdio"));
}

const options = { capabilities: {} };
if (era === "new")
    options.versionNegotiation = { mode: { pin: "2026-07-28" } };
const client = new Client({ name: "baton-test", version: "1" }, options);
const transport = new Transport({ command: plan.command, args: plan.args, env: plan.env });
await client.connect(transport);
const tools = [];
let cursor;
do {
    const page = await client.listTools(cursor ? { cursor } : {});
    tools.push(...page.tools);
    cursor = page.nextCursor;
} while (cursor);
const results = [];
for (const [name, args] of plan.calls) {
    try {
        results.push(await client.callTool({ name, arguments: args }));
    } catch (e) {
        results.push({ thrown: String(e.message ?? e), code: e.code });
    }
}
// Several at a time, and one that is given up: the client tells the server.
const together = await Promise.all(plan.calls.map(([name, args]) =>
    client.callTool({ name, arguments: args }).then(() => true, () => false)));
let gaveUp = "no";
if (plan.wait) {
    const abort = new AbortController();
    setTimeout(() => abort.abort("enough"), 300);
    try {
        const call = { name: plan.wait[0], arguments: plan.wait[1] };
        await (first ? client.callTool(call, undefined, { signal: abort.signal })
            : client.callTool(call, { signal: abort.signal }));
    } catch {
        gaveUp = "yes";
    }
}
console.log(JSON.stringify({
    version: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion ?? null,
    server: client.getServerVersion?.() ?? null,
    instructions: client.getInstructions?.() ?? null,
    tools: tools.map((t) => t.name), results, together, gaveUp,
}));
await client.close();
