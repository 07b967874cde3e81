// One of the protocol's own clients at `baton mcp`: it lists the tools, calls some, and prints what
// came as JSON. usage: node mcp_client.mjs MODULES old|new PLAN, where MODULES is the node_modules of
// one package, `old` shakes hands and `new` must speak the era without, and PLAN is
// {"command", "args", "env", "calls": [[tool, arguments], …], "wait": [tool, arguments], "files":
// [[path, text or null], …]}: each of these files, written or removed, changes the tools.
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
// Tools that come and go: the server says so, and the list is asked for again.
const after = [];
if (plan.files && era === "old") {
    let changed = 0;
    const kind = first
        ? (await from("@modelcontextprotocol/sdk/types.js")).ToolListChangedNotificationSchema
        : "notifications/tools/list_changed";
    client.setNotificationHandler(kind, () => { changed += 1; });
    for (const [file, text] of plan.files) {
        const before = changed, until = Date.now() + 20000;
        if (text === null)
            fs.unlinkSync(file);
        else
            fs.writeFileSync(file, text);
        while (changed === before && Date.now() < until)
            await new Promise((done) => setTimeout(done, 20));
        if (changed === before)
            throw new Error("it was not told of a change");
        const names = [];
        do {
            const page = await client.listTools(cursor ? { cursor } : {});
            names.push(...page.tools.map((t) => t.name));
            cursor = page.nextCursor;
        } while (cursor);
        after.push(names);
    }
}
console.log(JSON.stringify({
    version: client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion ?? null,
    server: client.getServerVersion?.() ?? null,
    instructions: client.getInstructions?.() ?? null,
    tools: tools.map((t) => t.name), results, together, gaveUp, after,
}));
await client.close();
